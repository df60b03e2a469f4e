"""Statistics one channel at a time."""

import numpy as np
import pytest

from tfuq.errors import RunError
from tfuq.prediction.voxel_channels import ChannelsInMemory
from tfuq.tasks.records import VoxelStatistics

EXAMPLES, SAMPLES, CLASSES, MEMBERS = 4, 3, 3, 2
ROWS, COLUMNS = 5, 6


def record(**more):
    rng = np.random.default_rng(0)
    scalar = (EXAMPLES, ROWS, COLUMNS)
    bits = rng.integers(2, size=(EXAMPLES, SAMPLES, CLASSES - 1, ROWS * COLUMNS))
    scalars = ["predictive_entropy", "expected_entropy", "mutual_information"]
    scalars += ["variation_ratio", "standard_deviation"]
    return VoxelStatistics(
        probability=rng.random((*scalar, CLASSES), np.float32),
        entropy_terms=rng.random((*scalar, CLASSES), np.float32),
        members=rng.random((EXAMPLES, MEMBERS, ROWS, COLUMNS, CLASSES), np.float32),
        masks=np.packbits(bits.astype(np.uint8), axis=-1, bitorder="little"),
        **{name: rng.random(scalar, np.float32) for name in scalars},
        **more,
    )


def test_channels_have_the_axes_of_the_volume():
    statistics = record()
    channels = ChannelsInMemory(statistics=statistics, slice_axis=1)
    assert channels.shape == (ROWS, EXAMPLES, COLUMNS)
    assert set(channels.names) == set(statistics.arrays())
    for k in range(CLASSES):
        expected = np.moveaxis(statistics.probability[..., k], 0, 1)
        np.testing.assert_array_equal(channels.channel("probability", k), expected)
    member = np.moveaxis(statistics.members[:, 1, ..., 2], 0, 1)
    np.testing.assert_array_equal(channels.channel("members", 1, 2), member)
    entropy = np.moveaxis(statistics.predictive_entropy, 0, 1)
    np.testing.assert_array_equal(channels.channel("predictive_entropy"), entropy)


def test_a_field_that_is_not_there_is_refused_by_name():
    channels = ChannelsInMemory(statistics=record(), slice_axis=0)
    with pytest.raises(RunError, match="without 'variance'"):
        channels.channel("variance", 0)


def test_masks_of_several_classes_are_their_union():
    statistics = record()
    channels = ChannelsInMemory(statistics=statistics, slice_axis=2)
    bits = np.unpackbits(statistics.masks, axis=-1, count=ROWS * COLUMNS, bitorder="little")
    union = bits.any(2).reshape(EXAMPLES, SAMPLES, ROWS, COLUMNS)
    masks = list(channels.masks([1, 2]).unpacked())
    np.testing.assert_array_equal(masks, np.moveaxis(union, (1, 0), (0, 3)))
