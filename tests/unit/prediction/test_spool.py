"""Statistics on disk are those that were written, channel by channel."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.drawn import voxel_statistics
from tfuq.errors import RunError
from tfuq.prediction import spool as module
from tfuq.prediction.spool import Spool, temporary_folder, temporary_room
from tfuq.prediction.voxel_channels import ChannelsInMemory
from tfuq.tasks.records import VoxelStatistics

SAMPLES, CLASSES, MEMBERS = 3, 3, 2


def chance(examples: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Statistics of padded examples, their voxels in a row: ``[1, voxels, …]``."""
    rng = np.random.default_rng(0)
    voxels = int(np.prod(examples))
    arrays = {
        "probability": rng.random((1, voxels, CLASSES), np.float32),
        "entropy_terms": rng.random((1, voxels, CLASSES), np.float32),
        "mutual_information": rng.random((1, voxels), np.float32),
        "members": rng.random((1, MEMBERS, voxels, CLASSES), np.float32),
        "masks": rng.integers(0, 2, (1, SAMPLES, CLASSES - 1, voxels), np.uint8),
    }
    return arrays


def part_of(arrays: dict[str, np.ndarray], first: int, stop: int) -> VoxelStatistics:
    part = {}
    for name, values in arrays.items():
        if name == "masks":
            part[name] = np.packbits(values[..., first:stop], axis=-1, bitorder="little")
        elif name == "members":
            part[name] = values[:, :, first:stop]
        else:
            part[name] = values[:, first:stop]
    return voxel_statistics(**part)


def in_memory(arrays, examples, box, slice_axis) -> ChannelsInMemory:
    """The same as a record of examples without padding."""
    record = {}
    for name, values in arrays.items():
        if name == "masks":
            by_example = values[0].reshape(SAMPLES, CLASSES - 1, *examples)
            cropped = by_example[(..., *box)]
            moved = np.moveaxis(cropped, 2, 0)
            flat = moved.reshape(*moved.shape[:3], -1)
            record[name] = np.packbits(flat, axis=-1, bitorder="little")
        elif name == "members":
            by_member = values[0].reshape(MEMBERS, *examples, CLASSES)
            record[name] = np.moveaxis(by_member, 0, 1)[(slice(None), slice(None), *box)]
        else:
            record[name] = values[0].reshape(*examples, *values.shape[2:])[(slice(None), *box)]
    return ChannelsInMemory(statistics=voxel_statistics(**record), slice_axis=slice_axis)


def test_picked_samples_of_parts_are_put_together_by_example(tmp_path):
    """Of two examples of 8 voxels each, the voxels 1, 3 and 6 are picked."""
    examples = (2, 2, 4)
    arrays = chance(examples)
    row = np.random.default_rng(1).random((SAMPLES, 16, CLASSES), np.float32)
    spool = Spool(tmp_path, examples=examples, box=(slice(0, 2), slice(0, 4)), slice_axis=2)
    for first, picked in ((0, [1, 3, 6]), (8, [9, 11, 14])):
        part = part_of(arrays, first, first + 8)
        spool.add(first, replace(part, picked=row[None, :, picked]))
    expected = row.reshape(SAMPLES, 2, 8, CLASSES)[:, :, [1, 3, 6]].swapaxes(0, 1)
    np.testing.assert_array_equal(spool.finished().picked, expected)


@pytest.mark.parametrize(
    ("examples", "box", "slice_axis"),
    [
        ((1, 5, 6, 7), (slice(0, 5), slice(0, 6), slice(0, 7)), None),
        ((1, 5, 6, 7), (slice(1, 4), slice(0, 6), slice(2, 6)), None),
        ((4, 8, 6), (slice(0, 8), slice(0, 6)), 2),  # whole bytes a slice
        ((4, 7, 5), (slice(0, 7), slice(0, 5)), 0),
        ((4, 7, 5), (slice(2, 6), slice(1, 4)), 1),
    ],
)
def test_channels_are_those_of_a_record(tmp_path, monkeypatch, examples, box, slice_axis):
    monkeypatch.setattr(module, "_PLANES", 1)
    arrays = chance(examples)
    expected = in_memory(arrays, examples, box, slice_axis)
    spool = Spool(tmp_path, examples=examples, box=box, slice_axis=slice_axis)
    voxels = int(np.prod(examples))
    for first in range(0, voxels, 64):
        spool.add(first, part_of(arrays, first, min(first + 64, voxels)))
    found = spool.finished()
    assert found.shape == expected.shape
    assert {*found.names} == {*expected.names}
    for index in ((0,), (2,)):
        for name in ("probability", "entropy_terms"):
            np.testing.assert_array_equal(
                found.channel(name, *index), expected.channel(name, *index)
            )
    for index in ((0, 1), (1, 2)):
        np.testing.assert_array_equal(
            found.channel("members", *index), expected.channel("members", *index)
        )
    np.testing.assert_array_equal(
        found.channel("mutual_information"), expected.channel("mutual_information")
    )
    part = (slice(1, 3), slice(0, 2), slice(1, 2))
    for name, *index in (("mutual_information",), ("entropy_terms", 1), ("members", 1, 2)):
        in_boxes = found.boxes(name, *index)
        whole = expected.boxes(name, *index)
        np.testing.assert_array_equal(in_boxes[part], whole[part])
    np.testing.assert_array_equal(np.asarray(found.packed), expected.packed)
    for classes in ([1], [2], [1, 2]):
        masks = found.masks(classes).unpacked()
        for mask, other in zip(masks, expected.masks(classes).unpacked(), strict=True):
            np.testing.assert_array_equal(mask, other)
    with pytest.raises(RunError, match="without 'variance'"):
        found.channel("variance", 0)


def test_a_temporary_folder_is_removed_after_an_error():
    with pytest.raises(FileNotFoundError), temporary_folder() as folder:
        (folder / "absent").read_bytes()
    assert not folder.exists()
    assert temporary_room() > 0
