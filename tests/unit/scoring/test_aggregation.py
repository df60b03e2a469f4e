"""From maps to numbers, against loops over voxels."""

import numpy as np
import pytest

from tests.support import references
from tfuq.scoring import aggregation


@pytest.mark.parametrize(
    ("shape", "size"),
    [((7, 6, 5), 3), ((4, 9, 1), 5), ((3, 3, 3), 10), ((3, 4, 80), 3), ((300, 4, 3), 3)],
)
def test_patch_maximum(shape, size):
    u = np.random.default_rng(0).random(shape).astype(np.float32)
    width = np.minimum(shape, size)
    corners = np.ndindex(*(np.array(shape) - width + 1))
    expected = max(
        u[tuple(slice(c, c + w) for c, w in zip(corner, width, strict=True))].mean()
        for corner in corners
    )
    assert aggregation.patch_maximum(u, size) == pytest.approx(expected, rel=1e-5)


def test_image_level():
    u = np.array([0.0, 0.2, 0.3, 0.6]).reshape(2, 2, 1)
    assert aggregation.image_level(u, 0.6) == pytest.approx(
        {"image": 0.275, "patch_maximum": 0.275, "uncertain_share": 0.25}
    )


@pytest.mark.parametrize("shape", [(6, 7, 4), (9, 8, 1), (9, 8, 2), (5, 6, 70)])
def test_boundary_band(shape):
    truth = np.random.default_rng(1).integers(0, 30, shape).astype(np.uint8) // 29
    band = aggregation.boundary_band(truth)
    for place in np.ndindex(*truth.shape):
        near = truth[tuple(slice(max(c - 2, 0), c + 3) for c in place)]
        assert band[place] == (near.min() != near.max())


def test_voxels_that_are_not_known_count_for_nothing():
    rng = np.random.default_rng(5)
    u, truth = rng.random((12, 11, 3)), rng.integers(0, 2, (12, 11, 3))
    known = rng.random(u.shape) < 0.8
    numbers = aggregation.image_level(u, 1.0, known)
    assert numbers["image"] == pytest.approx(u[known].mean())
    assert numbers["uncertain_share"] == pytest.approx((u[known] > 0.5).mean())
    zeroed = np.where(known, u, 0)
    windows = [zeroed[i : i + 10, j : j + 10] for i in range(3) for j in range(2)]
    assert numbers["patch_maximum"] == pytest.approx(max(window.mean() for window in windows))
    band = aggregation.boundary_band(truth, known)
    for place in np.argwhere(known):
        box = tuple(slice(max(c - 2, 0), c + 3) for c in place)
        near = truth[box][known[box]]
        assert band[tuple(place)] == (near != truth[tuple(place)]).any()
    assert not band[~known].any()


@pytest.mark.parametrize("count", [1, 7, 20, 21, 400])
def test_the_highest_values(count):
    values = np.random.default_rng(count).random(count).astype(np.float32)
    assert aggregation.top_mean(values) == pytest.approx(
        references.mean_of_highest(values, 0.05), rel=1e-6
    )
    assert aggregation.upper_quantile(values) == pytest.approx(np.quantile(values, 0.95))


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 2.0, 3.0)])
def test_a_voxel_counts_by_its_distance_from_the_nearest_boundary(spacing):
    label = (np.indices((7, 6, 5)).sum(0) > 8).astype(np.uint8)
    weights = aggregation.interior_weights(label, spacing)
    np.testing.assert_allclose(weights, references.interior_weights(label, spacing), atol=1e-6)
    assert weights.min() == 0


def test_the_thickness_of_a_single_slice_changes_nothing():
    label = (np.indices((7, 6, 1)).sum(0) > 6).astype(np.uint8)
    weights = aggregation.interior_weights(label, (0.5, 0.5, 8.0))
    expected = references.interior_weights(label, (0.5, 0.5, 0.5))
    np.testing.assert_allclose(weights, expected, atol=1e-6)


def test_without_a_boundary_all_voxels_count_alike():
    assert (aggregation.interior_weights(np.zeros((3, 4, 5), int), (1, 1, 1)) == 1).all()


def test_a_weighted_mean_needs_a_weight():
    values = np.array([1.0, 3.0])
    assert aggregation.weighted_mean(values, np.array([3.0, 1.0])) == pytest.approx(1.5)
    assert aggregation.weighted_mean(values, np.zeros(2)) is None
