"""Where windows begin, in whole elements of the maps that something is dropped in."""

import numpy as np
import tensorflow as tf

from tfuq.sampling.corners import IS_FILLER, first_element, mirrored, window_corners


def test_windows_cover_the_images_and_fill_whole_chunks():
    corners = window_corners(
        tf.constant([2, 9, 4, 1]), patch=(4, 4), grid=(2, 1), overlap=0.5, chunk=4
    ).numpy()
    # Nine rows are covered in steps of two: the last window ends at row 10.
    places = [[image, row, 0] for image in range(2) for row in (0, 2, 4, 6)]
    assert corners.tolist() == places
    three = window_corners(
        tf.constant([2, 9, 4, 1]), patch=(4, 4), grid=(2, 1), overlap=0.5, chunk=3
    ).numpy()
    assert three.tolist() == [*places, [IS_FILLER, 0, 0]]


def test_images_are_mirrored_as_far_as_windows_reach():
    images = np.arange(18.0).reshape(1, 9, 2, 1)
    longer = mirrored(tf.constant(images), patch=(4, 2), grid=(2, 1)).numpy()
    np.testing.assert_array_equal(longer, np.pad(images, [(0, 0), (0, 1), (0, 0), (0, 0)], "edge"))
    assert mirrored(images, patch=(4, 2), grid=(1, 1)) is images


def test_a_filler_takes_the_first_image():
    assert first_element(tf.constant([IS_FILLER, 0, 0])).numpy().tolist() == [0, 0, 0, 0]
    assert first_element(tf.constant([1, 4, 2])).numpy().tolist() == [1, 4, 2, 0]
