"""What images look like as numbers."""

import numpy as np
import pytest

from tests.conftest import settings
from tfuq.data.volume import Volume
from tfuq.workflows.query.features import image_features

CONFIG = settings("x")


def volume(shape):
    array = np.random.default_rng(0).normal(size=(*shape, 2)).astype(np.float32)
    return Volume(array, np.diag([1.0, 2, 3, 1]))


def test_groups_are_sizes_intensities_and_a_tiny_picture():
    image = volume((8, 8, 12))
    sizes, intensities, tiny = image_features(CONFIG, image)
    assert sizes == pytest.approx(np.log([1, 2, 3, 8, 16, 36]))
    assert intensities.shape == (2 * 3,)
    boxes = image.array.astype(float).reshape(4, 2, 4, 2, 4, 3, 2).mean((1, 3, 5))
    boxes = (boxes - boxes.mean((0, 1, 2))) / boxes.std((0, 1, 2))
    assert tiny == pytest.approx(boxes.ravel())


def test_the_direction_and_order_of_axes_change_nothing():
    image = volume((8, 8, 12))
    flipped = Volume(
        np.ascontiguousarray(image.array[::-1].transpose(1, 0, 2, 3)),
        image.affine @ np.array([[0, -1, 0, 7], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]),
    )
    for one, other in zip(
        image_features(CONFIG, image), image_features(CONFIG, flipped), strict=True
    ):
        assert one == pytest.approx(other)


def test_a_picture_of_one_slice_and_few_pixels_has_features():
    for shape in ((2, 3, 1), (300, 200, 1)):
        groups = image_features(CONFIG, volume(shape))
        assert [group.shape for group in groups] == [(6,), (6,), (128,)]
        assert all(np.isfinite(group).all() for group in groups)
