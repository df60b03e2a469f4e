"""The reducer of heatmaps: positions of landmarks."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from tfuq.measures.reducers.landmarks import LandmarkSamples
from tfuq.networks.heatmap_losses import gaussian_heatmaps


def positions(heatmaps, sigma=2.0, **options):
    """What `LandmarkSamples` makes of heatmaps ``[T, N, rows, columns, L]``."""
    reducer, count = LandmarkSamples(sigma, **options), tf.constant(len(heatmaps))
    state = reducer.initialize(heatmaps.shape[1:], count)
    for t, p in enumerate(heatmaps):
        state = reducer.update(state, tf.constant(p, tf.float32), tf.constant(t))
    return reducer.finalize(state, count)["landmarks"].numpy()


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_a_gaussians_centre_is_found_within_the_image_and_at_its_borders(sigma):
    rows, columns = 24, 33
    rng = np.random.default_rng(0)
    inside = rng.uniform((0, 0), (columns - 1, rows - 1), (60, 2))
    corners = [
        [0, 0],
        [columns - 1, 0],
        [-0.4, 12.3],
        [columns - 0.6, 5],
        [15.5, -0.4],
        [0.4, rows - 0.6],
    ]
    centres = np.concatenate([inside, corners, [[3.5, 2.5], [10.5, 11.5]]])
    found = positions(
        gaussian_heatmaps(tf.constant(centres[None], tf.float32), (rows, columns), sigma).numpy()[
            None
        ],
        sigma,
    )
    np.testing.assert_allclose(found[0, 0, :, :2], centres, atol=1e-4)
    np.testing.assert_allclose(found[0, 0, :, 2], 1, atol=0.35)


def test_scale_and_a_flat_floor_below_zero_do_not_move_the_centre():
    centre = tf.constant([[[10.3, 7.8]]])
    heatmap = gaussian_heatmaps(centre, (24, 33), 2.0).numpy()[None]
    for changed in (0.01 * heatmap, heatmap - 0.02):
        np.testing.assert_allclose(positions(changed)[0, 0, 0, :2], [10.3, 7.8], atol=0.1)


def test_a_map_that_is_nowhere_positive_gives_its_maximum():
    heatmaps = -1 - np.random.default_rng(0).random((1, 2, 9, 12, 3))
    found = positions(heatmaps)
    for n in range(2):
        for k in range(3):
            y, x = np.unravel_index(heatmaps[0, n, ..., k].argmax(), (9, 12))
            np.testing.assert_array_equal(found[n, 0, k, :2], [x, y])
            assert found[n, 0, k, 2] == pytest.approx(heatmaps[0, n, ..., k].max())
    np.testing.assert_array_equal(positions(np.zeros((1, 1, 9, 12, 1)))[0, 0, 0], 0)


def test_any_map_gives_a_position_in_the_image_and_samples_keep_their_order():
    heatmaps = np.random.default_rng(1).normal(size=(5, 2, 9, 12, 4))
    found = positions(heatmaps)
    assert found.shape == (2, 5, 4, 3)
    assert (found[..., :2] >= -0.5).all()
    assert (found[..., :2] <= [11.5, 8.5]).all()
    for t in range(5):
        np.testing.assert_array_equal(found[:, t], positions(heatmaps[t : t + 1])[:, 0])
        np.testing.assert_allclose(found[:, t, :, 2], heatmaps[t].max((1, 2)), rtol=1e-6)


def test_a_companion_has_its_value_where_the_heatmap_has_its_maximum():
    heatmaps = np.zeros((1, 2, 6, 7, 2), np.float32)
    companions = np.random.default_rng(0).normal(size=heatmaps.shape).astype(np.float32)
    maxima = [(1, 2), (5, 6), (0, 0), (3, 3)]
    for number, (row, column) in enumerate(maxima):
        heatmaps[0, number // 2, row, column, number % 2] = 1
    reducer, count = LandmarkSamples(1.0, companions=True), tf.constant(1)
    both = tf.constant(np.concatenate([heatmaps, companions], -1)[0])
    state = reducer.initialize([*both.shape[:-1], both.shape[-1]], count)
    found = reducer.finalize(reducer.update(state, both, tf.constant(0)), count)["landmarks"]
    assert found.shape == (2, 1, 2, 4)
    for number, (row, column) in enumerate(maxima):
        n, k = divmod(number, 2)
        assert found[n, 0, k, 3] == companions[0, n, row, column, k]


def test_a_smoothed_position_is_the_maximum_of_the_convolved_heatmap():
    heatmaps = np.random.default_rng(0).normal(size=(1, 2, 15, 18, 3)).astype(np.float32)
    found = positions(heatmaps, 1.5, is_smoothed=True)
    for n in range(2):
        for k in range(3):
            expected = ndimage.gaussian_filter(
                heatmaps[0, n, ..., k], 1.5, mode="constant", truncate=12
            )
            row, column = np.unravel_index(expected.argmax(), expected.shape)
            assert found[n, 0, k, :2].tolist() == [column, row]
            assert found[n, 0, k, 2] == pytest.approx(expected.max(), rel=0.01)
