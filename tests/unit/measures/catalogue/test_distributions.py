"""Measures of distributions over classes: bounds and orientation, on random samples (NumPy)."""

import numpy as np
import pytest
from scipy import stats

from tfuq.measures.catalogue.distributions import (
    IMAGE_MEANS,
    MAXIMUM_PROBABILITY,
    OF_IMAGES,
    OF_MEMBERS,
    OF_VARIANCES,
    OF_VOXELS,
)

ROUNDING = 1e-9
SAMPLES = 6


def distributions(classes, concentration):
    """Samples ``[T, 500, K]`` that are as alike as the concentration is high."""
    rng = np.random.default_rng(classes)
    means = rng.dirichlet(np.ones(classes), 500)
    samples = [
        [rng.dirichlet(concentration * mean + 0.05) for mean in means] for _ in range(SAMPLES)
    ]
    return np.array(samples)


def values_of(p):
    """Each measure of `OF_VOXELS`, of members and the largest probability, ``[500]``, by SciPy."""
    mean = p.mean(0)
    label = mean.argmax(-1)
    votes = stats.mode(p.argmax(-1), axis=0).count / len(p)
    expected = stats.entropy(p, axis=-1).mean(0)
    members = p.reshape(2, SAMPLES // 2, *p.shape[1:])
    return {
        "predictive_entropy": stats.entropy(mean, axis=-1),
        "expected_entropy": expected,
        "mutual_information": stats.entropy(mean, axis=-1) - expected,
        "variation_ratio": 1 - votes,
        "standard_deviation": np.take_along_axis(p.std(0), label[:, None], 1)[:, 0],
        "aleatoric_variance": (p * (1 - p)).mean(0).mean(-1),
        "epistemic_variance": p.var(0).mean(-1),
        "between_member_variance": members.mean(1).var(0).mean(-1),
        "within_member_variance": members.var(1).mean(0).mean(-1),
        "maximum_probability": mean.max(-1),
    }


@pytest.mark.parametrize(
    "measure", [*OF_VOXELS, *OF_VARIANCES, *OF_MEMBERS, MAXIMUM_PROBABILITY], ids=lambda m: m.name
)
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_bounds_hold(classes, measure):
    low, high = measure.bounds(classes)
    for concentration in (0.01, 1, 100):
        values = values_of(distributions(classes, concentration))[measure.name]
        assert values.min() >= low - ROUNDING
        assert values.max() <= high + ROUNDING


@pytest.mark.parametrize(
    ("name", "extreme"),
    [
        ("predictive_entropy", np.full((4, 4), 0.25)),
        ("expected_entropy", np.full((4, 4), 0.25)),
        ("mutual_information", np.eye(4)),
        ("variation_ratio", np.eye(4)),
        ("standard_deviation", np.eye(2)),
    ],
)
def test_the_highest_value_is_reached(name, extreme):
    measure = next(measure for measure in OF_VOXELS if measure.name == name)
    samples = extreme[:, None]
    _, high = measure.bounds(extreme.shape[-1])
    mean = samples.mean(0)
    entropies = stats.entropy(samples, axis=-1).mean(0)
    votes = np.bincount(samples.argmax(-1).ravel()).max() / len(samples)
    reached = {
        "predictive_entropy": stats.entropy(mean, axis=-1),
        "expected_entropy": entropies,
        "mutual_information": stats.entropy(mean, axis=-1) - entropies,
        "variation_ratio": 1 - votes,
        "standard_deviation": samples.std(0)[..., 0],
    }
    np.testing.assert_allclose(reached[name], high)


@pytest.mark.parametrize("measure", [*OF_VOXELS, MAXIMUM_PROBABILITY], ids=lambda m: m.name)
def test_samples_without_a_doubt_are_the_most_certain(measure):
    certain = np.tile([[1.0, 0.0]], (SAMPLES, 1, 1))
    doubtful = np.stack([[[0.9, 0.1]], [[0.1, 0.9]]] * (SAMPLES // 2))
    least = measure.uncertainty(values_of(certain)[measure.name])
    most = measure.uncertainty(values_of(doubtful)[measure.name])
    assert least < most


def test_each_map_has_three_numbers_of_an_image():
    names = {measure.name for measure in OF_IMAGES} - {"maximum_probability"}
    maps = [measure.name for measure in OF_VOXELS]
    expected = set()
    for kind in ("image", "patch_maximum", "uncertain_share"):
        expected |= {f"{kind}_{name}" for name in maps}
    assert names == expected


def test_means_of_an_image_have_the_unit_and_the_bounds_of_their_map():
    for mean, of_voxels in zip(IMAGE_MEANS, OF_VOXELS, strict=True):
        assert mean.unit == of_voxels.unit
        assert mean.bounds(3) == of_voxels.bounds(3)
        assert mean.levels == ("image",)
