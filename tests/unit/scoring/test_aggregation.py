"""From maps to numbers, against loops over voxels."""

import numpy as np
import pytest

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
