"""Where a label map changes, against scikit-image."""

import numpy as np
import pytest
from skimage.segmentation import find_boundaries

from tests.support.blobs import SHAPES, blobs
from tfuq.data.boundary import at_boundary, surface


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_boundaries_are_those_of_scikit_image(shape, classes):
    labels = blobs(shape, 1, classes)
    found = at_boundary(labels)
    np.testing.assert_array_equal(found, find_boundaries(labels, connectivity=1, mode="thick"))
    assert 0.1 < found.mean() < 1
    mask = labels > 0
    np.testing.assert_array_equal(
        surface(mask), find_boundaries(mask, connectivity=1, mode="inner")
    )


def test_a_surface_that_reaches_the_border_goes_on_beyond_it():
    mask = np.zeros((9, 8, 7), bool)
    mask[:4, 2:6, 3:] = True
    found = surface(mask)
    assert found[3, 2:6, 3:].all()
    assert not found[0, 3:5, 4:].any()


@pytest.mark.parametrize("value", [False, True])
def test_a_mask_that_is_empty_or_fills_the_volume_has_no_surface(value):
    assert not surface(np.full((5, 4, 3), value)).any()


def test_one_voxel_and_its_face_neighbours_are_a_boundary():
    labels = np.zeros((3, 3), int)
    labels[1, 1] = 7
    np.testing.assert_array_equal(at_boundary(labels), [[0, 1, 0], [1, 1, 1], [0, 1, 0]])


def test_what_is_not_known_is_no_neighbour():
    labels = blobs((9, 8, 7), 2, 3)
    known = np.random.default_rng(4).random(labels.shape) < 0.7
    expected = np.zeros(labels.shape, bool)
    for place in np.argwhere(known):
        for axis, step in np.ndindex(3, 2):
            other = place.copy()
            other[axis] += 2 * step - 1
            if 0 <= other[axis] < labels.shape[axis] and known[tuple(other)]:
                expected[tuple(place)] |= labels[tuple(other)] != labels[tuple(place)]
    np.testing.assert_array_equal(at_boundary(labels, known), expected)
    assert 0.1 < expected.mean() < 0.9
    mask = (labels == 1) & known
    np.testing.assert_array_equal(surface(mask, known), mask & at_boundary(mask, known))
