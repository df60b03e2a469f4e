"""MGH files: what FreeSurfer's definition says of them, and what is refused."""

import gzip
import struct

import nibabel
import numpy as np
import pytest

from tests.support.itk import oblique
from tfuq.data.readers.mgh import read_mgh, read_mgh_affine
from tfuq.errors import DataError

ARRAY = np.random.default_rng(0).integers(0, 10**6, (5, 4, 3)).astype(np.int32)
SPACING = np.array([0.9, 1.3, 4.0])
CENTRE = np.array([3.5, -7.25, 11.0])
TYPES = {"u1": 0, "i4": 1, "f4": 3, "i2": 4}


def content(array=ARRAY, *, good=1, directions=None, sizes=None):
    """A file by FreeSurfer's definition."""
    directions = oblique() if directions is None else directions
    sizes = sizes or [*array.shape, *[1] * (4 - array.ndim)]
    code = TYPES[f"{array.dtype.kind}{array.dtype.itemsize}"]
    start = struct.pack(">7ih", 1, *sizes, code, 0, good)
    place = [*SPACING, *directions.T.ravel(), *CENTRE]
    start += struct.pack(">15f", *place)
    return start.ljust(284, b"\0") + array.astype(array.dtype.newbyteorder(">")).tobytes("F")


def test_voxels_lie_about_the_centre_of_the_header(tmp_path):
    """A voxel at half the sizes is at the centre."""
    (tmp_path / "a.mgh").write_bytes(content())
    volume = read_mgh(tmp_path / "a.mgh")
    np.testing.assert_array_equal(volume.array, ARRAY)
    matrix = oblique() * SPACING
    np.testing.assert_allclose(volume.affine[:3, :3], matrix, atol=1e-5)
    middle = volume.affine @ [*np.array(ARRAY.shape) / 2, 1]
    np.testing.assert_allclose(middle[:3], CENTRE, atol=1e-4)
    np.testing.assert_allclose(read_mgh_affine(tmp_path / "a.mgh"), volume.affine)


@pytest.mark.parametrize("name", ["a.mgz", "a.mgh", "a.mgh.gz"])
@pytest.mark.parametrize("is_compressed", [False, True])
def test_the_content_tells_whether_it_is_compressed(tmp_path, name, is_compressed):
    written = gzip.compress(content()) if is_compressed else content()
    (tmp_path / name).write_bytes(written)
    np.testing.assert_array_equal(read_mgh(tmp_path / name).array, ARRAY)


@pytest.mark.parametrize("dtype", TYPES)
def test_labels_keep_their_numbers_and_images_are_float32(tmp_path, dtype):
    array = (ARRAY % 100).astype(dtype)
    if dtype == "i4":
        array[0, 0, 0] = 2**24 + 1
    (tmp_path / "a.mgz").write_bytes(gzip.compress(content(array)))
    label = read_mgh(tmp_path / "a.mgz", is_label=True)
    np.testing.assert_array_equal(label.array, array)
    assert label.array.dtype == dtype
    assert read_mgh(tmp_path / "a.mgz").array.dtype == np.float32


def test_frames_are_channels(tmp_path):
    array = np.stack([ARRAY, -ARRAY], -1)
    affine = np.diag([-1.0, 1, 1, 1])
    nibabel.save(nibabel.MGHImage(array, affine), tmp_path / "a.mgz")
    volume = read_mgh(tmp_path / "a.mgz")
    np.testing.assert_array_equal(volume.array, array)
    np.testing.assert_allclose(volume.affine, affine)


def test_a_header_without_a_place_is_taken_as_freesurfer_does_and_said(tmp_path):
    (tmp_path / "a.mgh").write_bytes(content(good=0, directions=np.full((3, 3), np.nan)))
    volume = read_mgh(tmp_path / "a.mgh")
    expected = [[-1, 0, 0], [0, 0, 1], [0, -1, 0]]
    np.testing.assert_allclose(volume.affine[:3, :3], expected)
    np.testing.assert_allclose(volume.affine[:3, 3], [2.5, -1.5, 2.0])
    assert "goodRASFlag is 0" in volume.header.doubt


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (content()[:-1], "claims 524 bytes, more than the 523"),
        (gzip.compress(content())[:-12], "not a readable MGH file"),
        (content(sizes=[30000, 30000, 30000, 1]), "of memory that are free"),
        (content(sizes=[0, 4, 3, 1]), "must be above 0"),
        (content(sizes=[-5, 4, 3, 1]), "must be above 0"),
        (content(directions=np.eye(3) + np.eye(3, k=1) / 2), "which must be right angles"),
        (content(directions=np.full((3, 3), np.nan)), "affine is singular"),
        (b"", "it has 0 bytes"),
        (b"\x89PNG\r\n\x1a\n" * 99, "does not begin as MGH files do"),
        (content(np.full((2, 2, 2), np.inf, np.float32)), "8 voxels are NaN or infinite"),
    ],
)
def test_what_cannot_be_read_rightly_is_one_line(tmp_path, written, words):
    path = tmp_path / "a.mgz"
    path.write_bytes(written)
    with pytest.raises(DataError, match=words) as refused:
        read_mgh(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)
