"""What of a prediction is computed once: where windows begin, and how much each voxel weighs."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tfuq.sampling.blending import gaussian_importance
from tfuq.sampling.encoded import EncodedImages
from tfuq.sampling.members import build_member, windowed


@pytest.fixture(scope="module")
def encode(tmp_path_factory):
    """Encodes an image of so many rows and columns by a network whose patch is 16 × 16."""
    config = settings(tmp_path_factory.mktemp("data"), "mc-dropout", 2)
    network = windowed(config, build_member(config, channels=1), keep=0)
    return lambda *shape: network.encode(tf.zeros([1, *shape, 1]))


def test_a_voxel_weighs_what_its_windows_give_it(encode):
    context = encode(24, 40)
    importance = gaussian_importance([16, 16]).numpy()
    expected = np.zeros(context.placed.images.shape[1:-1])
    for image, row, column in np.unique(context.placed.corners.numpy(), axis=0):
        if image == 0:
            expected[row : row + 16, column : column + 16] += importance
    np.testing.assert_allclose(context.weight.numpy().squeeze(), expected, rtol=1e-6)
    assert expected.min() > 0


@pytest.mark.parametrize(("shape", "is_tiled"), [((16, 16), False), ((16, 24), True)])
def test_an_image_of_the_patch_s_size_is_one_window(encode, shape, is_tiled):
    assert bool(encode(*shape).placed.is_tiled) == is_tiled


def test_what_is_encoded_stays(encode):
    context = encode(16, 16)
    assert isinstance(context, EncodedImages)
    with pytest.raises(FrozenInstanceError):
        context.weight = context.importance
