"""Files block after block, against the same files read whole."""

import gzip
import zlib

import nibabel
import numpy as np
import pytest

from tfuq.data.readers import read
from tfuq.data.readers.nifti_blocks import nifti_blocks
from tfuq.errors import DataError


def scaled(values: np.ndarray) -> nibabel.Nifti1Image:
    image = nibabel.Nifti1Image(values, np.diag([1.0, 2, 3, 1]))
    image.header.set_slope_inter(0.25, -3)
    return image


RNG = np.random.default_rng(0)
FLOATS = RNG.random((5, 4, 3, 2), np.float32)
WHOLE = RNG.integers(-9, 9, (5, 4, 3)).astype(np.int16)
IMAGES = {
    "channels": nibabel.Nifti1Image(FLOATS, np.eye(4)),
    "map": nibabel.Nifti1Image(FLOATS[..., 0], np.eye(4)),
    "one channel": nibabel.Nifti1Image(FLOATS[..., :1], np.eye(4)),
    "fifth axis": nibabel.Nifti1Image(FLOATS[..., None, :], np.eye(4)),
    "slice": nibabel.Nifti1Image(FLOATS[..., 0, 0], np.eye(4)),
    "second version": nibabel.Nifti2Image(FLOATS, np.eye(4)),
    "doubles": nibabel.Nifti1Image(FLOATS.astype(np.float64), np.eye(4)),
    "big-endian": nibabel.Nifti1Image(FLOATS.astype(">f4"), np.eye(4)),
    "scaled whole numbers": scaled(WHOLE),
}


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", IMAGES)
def test_blocks_are_the_file(kind, ending, tmp_path):
    path = tmp_path / f"file{ending}"
    nibabel.save(IMAGES[kind], path)
    whole = read(path)
    opened = nifti_blocks(path)
    assert opened.grid.same_grid(whole)
    assert (*opened.grid.shape, *opened.channels) == whole.array.shape
    np.testing.assert_array_equal(opened.array(), whole.array)
    for block in opened.blocks(7):
        channel = whole.array.reshape(np.prod(opened.grid.shape), -1, order="F")
        np.testing.assert_array_equal(block.values, channel[block.place, block.channel])


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", IMAGES)
def test_a_part_of_the_voxels_is_a_part_of_the_file(kind, ending, tmp_path):
    path = tmp_path / f"file{ending}"
    nibabel.save(IMAGES[kind], path)
    opened = nifti_blocks(path)
    whole = read(path).array.reshape(*opened.grid.shape, -1)
    for channel in range(whole.shape[3]):
        for steps in ((1, 1, 1), (2, 3, 2)):
            expected = whole[:: steps[0], :: steps[1], :: steps[2], channel]
            np.testing.assert_array_equal(opened.strided(steps, channel), expected)


def test_a_part_of_the_voxels_keeps_whole_numbers(tmp_path):
    nibabel.save(nibabel.Nifti1Image(WHOLE.astype(">i2"), np.eye(4)), tmp_path / "whole.nii")
    assert nifti_blocks(tmp_path / "whole.nii").strided((1, 1, 1)).dtype == np.int16


def test_a_file_of_several_parts_is_one(tmp_path):
    """As programs write that compress with several threads."""
    path = tmp_path / "file.nii"
    nibabel.save(IMAGES["channels"], path)
    content = path.read_bytes()
    parts = tmp_path / "parts.nii.gz"
    parts.write_bytes(gzip.compress(content[:400]) + gzip.compress(content[400:]))
    np.testing.assert_array_equal(nifti_blocks(parts).array(), FLOATS)


def test_a_file_that_is_missing_or_damaged_is_refused(tmp_path):
    path = tmp_path / "file.nii.gz"
    with pytest.raises(DataError, match=r"file.nii.gz"):
        nifti_blocks(path)
    nibabel.save(IMAGES["channels"], path)
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:-1]))
    with pytest.raises(DataError, match=r"file.nii.gz: not a readable NIfTI"):
        nifti_blocks(path).array()
    path.write_bytes(gzip.compress(content)[:-12])
    with pytest.raises(DataError, match=r"file.nii.gz: not a readable NIfTI"):
        nifti_blocks(path).array()
    wrong = bytearray(gzip.compress(content))
    wrong[-5] ^= 1  # of the checksum
    path.write_bytes(wrong)
    with pytest.raises(DataError, match=r"file.nii.gz: not a readable NIfTI"):
        nifti_blocks(path).array()
    path.write_bytes(zlib.compress(content))
    with pytest.raises(DataError, match=r"file.nii.gz"):
        nifti_blocks(path)


def test_voxels_that_are_no_numbers_are_refused(tmp_path):
    path = tmp_path / "file.nii.gz"
    array = FLOATS.copy()
    array[1, 2, 0, 1] = np.nan
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)
    with pytest.raises(DataError, match=r"1 voxels are NaN"):
        nifti_blocks(path).array()
