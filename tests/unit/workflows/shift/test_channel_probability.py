"""Probabilities of a volume's classes, one at a time."""

import numpy as np

from tests.support.drawn import voxel_statistics
from tfuq.prediction.voxel_channels import ChannelsInMemory
from tfuq.workflows.shift.channel_probability import ChannelProbability


def made(axis=None):
    p = np.random.default_rng(0).random((1, 4, 3, 5, 3), np.float32)
    channels = ChannelsInMemory(statistics=voxel_statistics(p), slice_axis=axis)
    return ChannelProbability(channels, 3), p[0]


def test_the_label_is_the_likeliest_class():
    probability, p = made()
    np.testing.assert_array_equal(probability.label(), p.argmax(-1))


def test_all_classes_together_are_the_array():
    probability, p = made()
    assert probability.shape == p.shape
    np.testing.assert_array_equal(probability.array(), p)


def test_blocks_have_the_voxels_of_a_class_the_first_axis_first():
    probability, p = made()
    blocks = [*probability.blocks()]
    assert [block.channel for block in blocks] == [0, 1, 2]
    np.testing.assert_array_equal(blocks[1].values, p[..., 1].ravel(order="F"))
