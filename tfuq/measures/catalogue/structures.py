"""Measures of structures and of their connected components.

References:
    Hoebel et al. 2019 (volume dispersion, labelled uncertainty).
    Kahl et al. 2024, ValUES (means over structure, boundary, image).
    Roy et al. 2018 (coefficient of variation, pairwise Dice).
"""

from __future__ import annotations

import math
from dataclasses import replace

from tfuq.data.units import in_every_unit, symbol_of
from tfuq.measures.catalogue.distributions import OF_VOXELS, image_mean
from tfuq.measures.measure import Bias, Measure


def _volume(
    name: str,
    symbol: str,
    title: str,
    *,
    bias: Bias | None = None,
    least_samples: int = 1,
) -> tuple[Measure, ...]:
    """A volume, and the areas of plain images that stand in its place.

    A larger structure has a larger one, so it says nothing of certainty by itself.
    """
    measures = []
    for column in in_every_unit([name]):
        measure = Measure(
            name=column,
            symbol=symbol,
            title=title,
            unit=symbol_of(column) or "1",
            levels=("structure", "component"),
            low=0.0,
            high=None,
            orientation=None,
            bias=bias,
            least_samples=least_samples,
        )
        measures.append(measure)
    return tuple(measures)


def _mean_over(measure: Measure, name: str, title: str) -> Measure:
    """The mean of a map over part of a structure."""
    return replace(
        measure,
        name=name,
        symbol=f"mean {measure.symbol}",
        title=title,
        levels=("structure", "component"),
        source="Kahl et al. 2024",
    )


_PREDICTIVE_ENTROPY, _, _MUTUAL_INFORMATION, _, _ = OF_VOXELS
SAMPLE_VOLUMES = (
    *_volume("volume_mean_mm3", "V̄", "mean size of the samples"),
    *_volume(
        "volume_std_mm3",
        "σ_V",
        "standard deviation of the samples' sizes",
        bias="root of a variance",
        least_samples=2,
    ),
)
# The columns of ``structures.csv``.
OF_STRUCTURES = (
    *_volume("volume_mm3", "V", "size of the label"),
    *SAMPLE_VOLUMES,
    *_volume(
        "volume_lower_mm3",
        "V₂.₅",
        "2.5th percentile of the samples' sizes",
        bias="unknown",
        least_samples=2,
    ),
    *_volume(
        "volume_upper_mm3",
        "V₉₇.₅",
        "97.5th percentile of the samples' sizes",
        bias="unknown",
        least_samples=2,
    ),
    Measure(
        name="pairwise_dice",
        symbol="mean Dice(s, s′)",
        title="pairwise Dice",
        unit="1",
        levels=("structure", "component"),
        low=0.0,
        high=1.0,
        orientation="more certain",
        least_samples=2,
        source="Roy et al. 2018",
    ),
    Measure(
        name="coefficient_of_variation",
        symbol="σ_V / V̄",
        title="coefficient of variation",
        unit="1",
        levels=("structure", "component"),
        low=0.0,
        high=None,
        orientation="less certain",
        bias="root of a variance",
        least_samples=2,
        source="Roy et al. 2018",
    ),
    Measure(
        name="volume_dispersion",
        symbol="σ_V² / (V̄ + 1)",
        title="volume dispersion",
        unit="voxel",
        levels=("structure", "component"),
        low=0.0,
        high=None,
        orientation="less certain",
        bias="variance",
        least_samples=2,
        source="Hoebel et al. 2019",
    ),
    Measure(
        name="labelled_uncertainty",
        symbol="mean −(1/T) Σ p log p",
        title="labelled uncertainty",
        unit="nat",
        levels=("structure", "component"),
        low=0.0,
        high=1 / math.e,  # of −p log p
        orientation="less certain",
        source="Hoebel et al. 2019",
    ),
    _mean_over(_PREDICTIVE_ENTROPY, "mean_entropy", "mean predictive entropy in the structure"),
    _mean_over(
        _MUTUAL_INFORMATION,
        "mean_mutual_information",
        "mean mutual information in the structure",
    ),
    _mean_over(_PREDICTIVE_ENTROPY, "boundary_entropy", "mean predictive entropy at the boundary"),
    _mean_over(
        _MUTUAL_INFORMATION,
        "boundary_mutual_information",
        "mean mutual information at the boundary",
    ),
    replace(image_mean(_PREDICTIVE_ENTROPY), name="image_entropy"),
    image_mean(_MUTUAL_INFORMATION),
)
# Where predictions are calibrated.
CONFORMAL_VOLUMES = (
    *_volume("volume_conformal_lower_mm3", "V_low", "lower end of the conformal interval"),
    *_volume("volume_conformal_upper_mm3", "V_high", "upper end of the conformal interval"),
)
