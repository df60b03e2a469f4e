"""Measures of distributions over classes: of voxels, and of images by what their voxels have.

References:
    Freeman 1965, Elementary applied statistics (variation ratio).
    Gal 2016, Uncertainty in deep learning (entropies).
    Hendrycks & Gimpel 2017, A baseline for detecting misclassified examples (maximum probability).
    Houlsby et al. 2011, Bayesian active learning (mutual information).
    Kahl et al. 2024, ValUES (means of an image, a patch and above a limit).
    Kendall et al. 2015, Bayesian SegNet (standard deviation).
    Kwon et al. 2020, Uncertainty quantification using Bayesian neural networks in classification
        (aleatoric and epistemic variance).
"""

from __future__ import annotations

import math
from dataclasses import replace

from tfuq.measures.measure import Level, Measure


def _least_maximum(classes: int) -> float:
    return 1 / classes


def _highest_variance(classes: int) -> float:
    """Of a uniform distribution, averaged over the classes."""
    return (1 - 1 / classes) / classes


def _highest_variation_ratio(classes: int) -> float:
    return 1 - 1 / classes


_OF_DISTRIBUTIONS: tuple[Level, ...] = ("voxel", "component", "image")
# Of a distribution over classes: that of a voxel, as means those of components, and that of an
# image which has one class. Maps have these names.
OF_VOXELS = (
    Measure(
        name="predictive_entropy",
        symbol="H[p̄]",
        title="predictive entropy",
        unit="nat",
        levels=_OF_DISTRIBUTIONS,
        low=0.0,
        high=math.log,
        orientation="less certain",
        source="Gal 2016",
    ),
    Measure(
        name="expected_entropy",
        symbol="E[H[p]]",
        title="expected entropy",
        unit="nat",
        levels=_OF_DISTRIBUTIONS,
        low=0.0,
        high=math.log,
        orientation="less certain",
        least_samples=2,
        source="Gal 2016",
    ),
    Measure(
        name="mutual_information",
        symbol="I",
        title="mutual information",
        unit="nat",
        levels=_OF_DISTRIBUTIONS,
        low=0.0,
        high=math.log,
        orientation="less certain",
        bias="variance",
        least_samples=2,
        source="Houlsby et al. 2011",
    ),
    Measure(
        name="variation_ratio",
        symbol="v",
        title="variation ratio",
        unit="1",
        levels=_OF_DISTRIBUTIONS,
        low=0.0,
        high=_highest_variation_ratio,
        orientation="less certain",
        bias="unknown",
        least_samples=2,
        share_of="share of samples",
        source="Freeman 1965",
    ),
    Measure(
        name="standard_deviation",
        symbol="σ",
        title="standard deviation",
        unit="1",
        levels=_OF_DISTRIBUTIONS,
        low=0.0,
        high=0.5,
        orientation="less certain",
        bias="root of a variance",
        least_samples=2,
        share_of="probability",
        source="Kendall et al. 2015",
    ),
)


def image_mean(measure: Measure) -> Measure:
    """The mean of a map over an image.

    Args:
        measure: what the map shows.
    """
    return replace(
        measure,
        name=f"image_{measure.name}",
        symbol=f"mean {measure.symbol}",
        title=f"{measure.title} of the image",
        levels=("image",),
        source="Kahl et al. 2024",
    )


def _patch_maximum(measure: Measure) -> Measure:
    return replace(
        measure,
        name=f"patch_maximum_{measure.name}",
        symbol=f"max mean {measure.symbol}",
        title=f"largest mean {measure.title} of a patch",
        levels=("image",),
        source="Kahl et al. 2024",
    )


def _uncertain_share(measure: Measure) -> Measure:
    return Measure(
        name=f"uncertain_share_{measure.name}",
        symbol=f"P({measure.symbol} > ½ max)",
        title=f"share of voxels above half the highest {measure.title}",
        unit="1",
        levels=("image",),
        low=0.0,
        high=1.0,
        orientation="less certain",
        bias="unknown",
        least_samples=measure.least_samples,
        source="Kahl et al. 2024",
    )


IMAGE_MEANS = tuple(map(image_mean, OF_VOXELS))
_PATCH_MAXIMA = tuple(map(_patch_maximum, OF_VOXELS))
_UNCERTAIN_SHARES = tuple(map(_uncertain_share, OF_VOXELS))
MAXIMUM_PROBABILITY = Measure(
    name="maximum_probability",
    symbol="max p̄",
    title="maximum probability",
    unit="1",
    levels=("component", "image"),
    low=_least_maximum,
    high=1.0,
    orientation="more certain",
    source="Hendrycks & Gimpel 2017",
)


def _of_images() -> tuple[Measure, ...]:
    """Numbers of images, map by map."""
    by_map = zip(IMAGE_MEANS, _PATCH_MAXIMA, _UNCERTAIN_SHARES, strict=True)
    measures: list[Measure] = []
    for of_map in by_map:
        measures += of_map
    return (*measures, MAXIMUM_PROBABILITY)


OF_IMAGES = _of_images()

# Parts of the variance p̄(1 − p̄) of whether a voxel or an image is of a class, averaged over the
# classes: what each sample leaves open, and what samples differ by. Maps have these names.
OF_VARIANCES = (
    Measure(
        name="aleatoric_variance",
        symbol="E[p(1 − p)]",
        title="aleatoric variance",
        unit="1",
        levels=("voxel", "image"),
        low=0.0,
        high=_highest_variance,
        orientation="less certain",
        least_samples=2,
        source="Kwon et al. 2020",
    ),
    Measure(
        name="epistemic_variance",
        symbol="Var[p]",
        title="epistemic variance",
        unit="1",
        levels=("voxel", "image"),
        low=0.0,
        high=_highest_variance,
        orientation="less certain",
        bias="variance",
        least_samples=2,
        source="Kwon et al. 2020",
    ),
)

# Parts of the variance of an ensemble's samples, averaged over the classes; maps have these names.
OF_MEMBERS = (
    Measure(
        name="between_member_variance",
        symbol="Var_m[E[p]]",
        title="variance between members",
        unit="1",
        levels=("voxel", "image"),
        low=0.0,
        high=0.25,
        orientation="less certain",
        least_samples=2,
    ),
    Measure(
        name="within_member_variance",
        symbol="E_m[Var[p]]",
        title="variance within members",
        unit="1",
        levels=("voxel", "image"),
        low=0.0,
        high=0.25,
        orientation="less certain",
        least_samples=2,
    ),
)
