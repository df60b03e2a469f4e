"""Masks of every sample, a bit per voxel, in memory and in files."""

import numpy as np
import pytest

from tfuq.data import disk
from tfuq.data.volume import Volume
from tfuq.errors import RunError, TfuqError
from tfuq.measures.sample_masks import (
    STORED,
    SampleMasks,
    StoredSamples,
    bits_of,
    crop_packed,
    read_samples,
)

SAMPLES = {
    "packed": np.zeros((1, 3, 2, 8), np.uint8),
    "slice_axis": np.array(-1),
    "shape": np.array([4, 4, 4]),
    "affine": np.eye(4),
}


def test_packed_masks_are_cropped():
    masks = (
        np.random.default_rng(3).random((4, 3, 2, 5, 7)) < 0.5
    )  # slices, samples, classes, and a slice
    packed = np.packbits(masks.reshape(4, 3, 2, -1), axis=-1, bitorder="little")
    found = crop_packed(packed, (5, 7), (slice(1, 4), slice(2, 7)))
    assert found.shape == (4, 3, 2, 2)
    grid = Volume(np.zeros((4, 3, 5)), np.eye(4))
    for k in (1, 2):
        kept = np.stack(list(StoredSamples(found, 0, grid).of_classes([k]).unpacked()))
        np.testing.assert_array_equal(kept, np.moveaxis(masks[:, :, k - 1, 1:4, 2:7], 1, 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"packed": np.zeros((1, 0, 2, 8), np.uint8)},
        {"packed": np.zeros((1, 3, 2, 7), np.uint8)},
        {"packed": np.zeros((1, 3, 2, 8), np.float32)},
        {"packed": np.uint8(0)},
        {"slice_axis": np.array([0, 1])},
        {"slice_axis": np.array("x")},
        {"slice_axis": np.array(0.5)},
        {"shape": np.array(4)},
        {"shape": np.array([4.0, 4.0, 4.0])},
        {"shape": np.array([0, 4, 4])},
        {"affine": np.zeros((4, 4))},
        {"affine": np.full((4, 4), np.nan)},
        {"affine": np.eye(4, dtype=complex)},
    ],
)
def test_samples_that_are_none_are_refused(tmp_path, wrong):
    np.savez(tmp_path / STORED, **SAMPLES)
    assert read_samples(tmp_path, 3).of_classes([1]).union().shape == (4, 4, 4)
    np.savez(tmp_path / STORED, **SAMPLES | wrong)
    with pytest.raises(RunError, match=r"samples.npz: "):
        read_samples(tmp_path, 3)


def packed(masks):
    """Bits of masks ``[n, T, K−1, *S]``."""
    flat = masks.reshape(*masks.shape[:3], -1)
    return np.packbits(flat, axis=-1, bitorder="little")


@pytest.mark.parametrize("slice_axis", [None, 0, 2])
def test_masks_are_unpacked_onto_the_volume(slice_axis):
    rng = np.random.default_rng(1)
    volumes = rng.random((3, 2, 4, 5, 3)) < 0.4  # samples, classes, X, Y, Z
    examples = volumes[None]
    if slice_axis is not None:
        examples = np.moveaxis(volumes, 2 + slice_axis, 0)
    stored = StoredSamples(packed(examples), slice_axis, Volume(np.zeros((4, 5, 3)), np.eye(4)))
    union = stored.of_classes([1, 2])
    np.testing.assert_array_equal(list(union.unpacked()), volumes.any(1))
    np.testing.assert_array_equal(union.union(), volumes.any((0, 1)))


@pytest.mark.parametrize("slice_axis", [None, 0, 2])
def test_some_bytes_of_masks_are_of_known_voxels(slice_axis):
    volume = np.random.default_rng(2).random((3, 5, 7)) < 0.5
    examples = volume[None] if slice_axis is None else np.moveaxis(volume, slice_axis, 0)
    grid = Volume(np.zeros(volume.shape), np.eye(4))
    masks = StoredSamples(packed(examples[:, None, None]), slice_axis, grid).of_classes([1])
    found = np.zeros_like(volume)
    for start in range(0, masks.size, 4):
        (part,) = masks.block(start, start + 4)
        found[masks.voxels(bits_of(part) + 8 * start)] = True
    np.testing.assert_array_equal(found, volume)


@pytest.mark.parametrize("slice_axis", [None, 1])
def test_samples_read_back(tmp_path, slice_axis):
    grid = Volume(np.zeros((4, 5, 3)), np.diag([1.5, 2.0, 3.0, 1.0]))
    examples = np.zeros((1 if slice_axis is None else 5, 2, 2, 60 if slice_axis is None else 12))
    written = StoredSamples(packed(examples > 0), slice_axis, grid)
    written.write(tmp_path)
    read = read_samples(tmp_path, 3)
    assert (read.slice_axis, read.grid.shape) == (slice_axis, (4, 5, 3))
    np.testing.assert_array_equal(read.packed, written.packed)
    np.testing.assert_array_equal(read.grid.affine, grid.affine)
    with pytest.raises(RunError, match="does not hold masks of 4 classes"):
        read_samples(tmp_path, 4)


def test_samples_that_were_not_kept_are_named(tmp_path):
    with pytest.raises(RunError, match="the samples were not kept; run the same tfuq predict"):
        read_samples(tmp_path, 3)


def test_samples_that_cannot_be_written_leave_nothing(tmp_path, monkeypatch):
    def full(file, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write", full)
    grid = Volume(np.zeros((4, 4, 4)), np.eye(4))
    with pytest.raises(TfuqError, match=r"samples.npz: cannot be written \(No space left"):
        StoredSamples(SAMPLES["packed"], None, grid).write(tmp_path)
    assert not (tmp_path / STORED).exists()


class Counted:
    """Bits that count how many of their bytes are taken."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape
        self.taken = 0

    def __getitem__(self, key):
        part = self.array[key]
        self.taken += part.size
        return part


def test_of_a_volume_no_more_is_read_than_the_bytes_of_a_block():
    array = np.random.default_rng(0).integers(0, 256, (1, 3, 2, 100), np.uint8)
    packed = Counted(array)
    masks = SampleMasks.of_classes(packed, [2], (10, 10, 8), None)
    np.testing.assert_array_equal(masks.block(20, 30), array[0, :, 1, 20:30])
    np.testing.assert_array_equal(masks.block(95, 110), array[0, :, 1, 95:])
    assert packed.taken == 3 * (10 + 5)
