"""Connected components and their territories."""

import numpy as np
import pytest
from scipy import ndimage

from tfuq.measures.components import bounding_box, components_of, grown_box


@pytest.mark.parametrize("shape", [(9, 8, 7), (1, 30, 20), (30, 20, 1)])
def test_components_are_those_of_scipy_largest_first(shape):
    mask = np.random.default_rng(0).random(shape) < 0.3
    labels, count = ndimage.label(mask)
    sizes = ndimage.sum_labels(mask, labels, range(1, count + 1))
    order = [index for index in np.argsort(-sizes, kind="stable") if sizes[index] >= 2]
    components = components_of(mask, 2)
    assert components.count == len(order) > 5
    for (box, found), index in zip(components.masks(), order, strict=True):
        whole = np.zeros(shape, bool)
        whole[box] = found
        np.testing.assert_array_equal(whole, labels == index + 1)


def test_a_territory_is_what_is_nearest():
    mask = np.zeros((10, 3, 3), bool)
    mask[0:2] = True
    mask[8] = True
    wanted = np.ones(mask.shape, bool)
    wanted[3] = False
    territories = components_of(mask, 1).territories(wanted)
    assert territories[:, 1, 1].tolist() == [1, 1, 1, 0, 1, 2, 2, 2, 2, 2]


def test_one_component_has_all_of_space():
    mask = np.zeros((4, 3, 3), bool)
    mask[1] = True
    assert components_of(mask, 1).territories(~mask) is None
    assert components_of(mask, 100).count == 0
    assert components_of(~mask & mask, 1).count == 0


def test_boxes():
    mask = np.zeros((5, 6, 7), bool)
    mask[0, 2:4, 6] = True
    box = bounding_box(mask)
    assert box == (slice(0, 1), slice(2, 4), slice(6, 7))
    assert grown_box(box, mask.shape) == (slice(0, 2), slice(1, 5), slice(5, 7))
