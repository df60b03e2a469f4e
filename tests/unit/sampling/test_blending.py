"""Windows added up to a sample, and the weights that they are blended with."""

import numpy as np
import pytest
import tensorflow as tf

from tfuq.sampling.blending import (
    add_at,
    gaussian_importance,
    total_weight,
    with_whole_images,
)


@pytest.mark.parametrize("patch", [(16,), (8, 12), (5, 16, 4)])
def test_importance_is_a_product_of_gaussians_with_a_floor(patch):
    found = gaussian_importance(patch).numpy()
    for place in np.ndindex(*patch):
        expected = 1.0
        for coordinate, size in zip(place, patch, strict=True):
            every = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / (size / 8)) ** 2)
            expected *= every[coordinate] / every.max()
        assert found[place] == pytest.approx(max(expected, 1e-3), rel=1e-5)
    assert found.max() == 1


def test_a_box_is_added_where_it_begins():
    target = np.arange(24, dtype=np.float32).reshape(4, 6)
    expected = target.copy()
    expected[1:3, 2:5] += 10
    box = tf.fill([2, 3], 10.0)
    found = tf.function(add_at)(tf.constant(target), box, tf.constant([1, 2]), [2, 3])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("first", "kept"), [(0, 2), (2, 2), (4, 1)])
def test_images_beyond_the_last_are_dropped(first, kept):
    values = np.random.default_rng(0).random((2, 3, 1)).astype(np.float32)
    expected = np.zeros((5, 3, 1), np.float32)
    expected[first : first + kept] = values[:kept]
    write = tf.function(with_whole_images)
    found = write(tf.zeros([5, 3, 1]), tf.constant(values), tf.constant(first))
    np.testing.assert_array_equal(found, expected)


def test_one_chunk_holds_all_images():
    values = tf.reshape(tf.range(4.0), [4, 1])
    found = with_whole_images(tf.zeros([3, 1]), values, tf.constant(0))
    np.testing.assert_array_equal(found, values[:3])


def test_weights_of_windows_add_up():
    """Those of the first image; a window of another image, or a filler, counts for nothing."""
    importance = tf.constant([1.0, 2.0])
    corners = tf.constant([[0, 0], [0, 1], [1, 2], [-1, 0]])
    total = total_weight(tf.constant([4]), corners, importance)
    np.testing.assert_array_equal(total, [1.0, 3.0, 2.0, 0.0])
