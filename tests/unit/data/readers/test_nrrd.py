"""NRRD files: what SimpleITK reads of them, and what is refused."""

import numpy as np
import pytest
import SimpleITK

from tests.support.itk import axis_orders, corners, itk_array, itk_corners, oblique, write_itk
from tfuq.data.readers.nrrd import read_nrrd, read_nrrd_affine
from tfuq.errors import DataError

ARRAY = np.random.default_rng(0).integers(-999, 999, (5, 4, 3)).astype(np.int16)
VOXELS = ARRAY.tobytes("F")
HEADER = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "5 4 3",
    "space directions": "(0.9,0,0) (0,1.3,0) (0,0,4)",
    "kinds": "domain domain domain",
    "endian": "little",
    "encoding": "raw",
    "space origin": "(-70,80,30)",
}


def write(path, content=VOXELS, **changes):
    """A file of ``HEADER`` with some fields changed, or without those that are None."""
    fields = HEADER | {name.replace("_", " "): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    text = "NRRD0005\n# a comment\n" + "\n".join(lines) + "\nmade by:=the tests\n\n"
    path.write_bytes(text.encode() + content)
    return path


def require_placed_as_by_itk(path, axes=3):
    expected = itk_corners(path)
    volume = read_nrrd(path)
    actual = corners(volume.affine, volume.shape[:axes])
    np.testing.assert_allclose(actual, expected, atol=1e-3)
    np.testing.assert_array_equal(read_nrrd_affine(path), volume.affine)
    return volume


@pytest.mark.parametrize(
    "direction", [*axis_orders()[::5], oblique()], ids=lambda d: str(d.round(1))
)
@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr"])
def test_voxels_and_their_places_are_those_of_itk(tmp_path, name, direction):
    path = write_itk(tmp_path / name, ARRAY, direction=direction, compress=name == "a.nrrd")
    volume = require_placed_as_by_itk(path)
    np.testing.assert_array_equal(volume.array, ARRAY)
    assert volume.header.form == "space directions"
    assert volume.header.doubt == ""


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_labels_keep_their_numbers_and_images_are_float32(tmp_path, dtype):
    array = ARRAY.clip(0, 100).astype(dtype)
    if dtype in ("i8", "u8"):
        array[0, 0, 0] = 2**60 + 1
    path = write_itk(tmp_path / "a.nrrd", array)
    label = read_nrrd(path, is_label=True)
    np.testing.assert_array_equal(label.array, array)
    assert label.array.dtype == dtype
    assert read_nrrd(path).array.dtype == np.float32


@pytest.mark.parametrize("axes", [2, 3])
def test_components_are_channels(tmp_path, axes):
    array = np.random.default_rng(0).random((5, 4, 3, 2)[4 - axes - 1 :]).astype(np.float32)
    path = write_itk(tmp_path / "a.nrrd", array, axes=axes)
    volume = require_placed_as_by_itk(path, axes)
    expected = array if axes == 3 else array[:, :, None]
    np.testing.assert_array_equal(volume.array, expected)


def test_two_axes_are_a_slice(tmp_path):
    path = write_itk(tmp_path / "a.nrrd", ARRAY[..., 0], axes=2, direction=[[0, -1], [1, 0]])
    volume = require_placed_as_by_itk(path, 2)
    np.testing.assert_array_equal(volume.array, ARRAY[..., :1])
    assert volume.ndim == 2


def test_a_fourth_axis_is_channels(tmp_path):
    array = np.stack([ARRAY, -ARRAY], -1)
    image = SimpleITK.GetImageFromArray(array.T, isVector=False)
    SimpleITK.WriteImage(image, str(tmp_path / "a.nrrd"))
    np.testing.assert_array_equal(require_placed_as_by_itk(tmp_path / "a.nrrd").array, array)


def test_the_axis_of_channels_may_be_the_last_and_bytes_may_be_swapped(tmp_path):
    path = write(
        tmp_path / "a.nrrd",
        np.stack([ARRAY, -ARRAY], -1).astype(">i2").tobytes("F"),
        dimension="4",
        sizes="5 4 3 2",
        space_directions=HEADER["space directions"] + " none",
        kinds="domain domain domain list",
        endian="big",
    )
    volume = read_nrrd(path)
    np.testing.assert_array_equal(volume.array, np.stack([ARRAY, -ARRAY], -1))
    np.testing.assert_allclose(corners(volume.affine, volume.shape), itk_corners(path), atol=1e-3)


@pytest.mark.parametrize("space", ["RAS", "left-anterior-superior", "LPS"])
def test_spaces_are_those_of_itk(tmp_path, space):
    assert require_placed_as_by_itk(write(tmp_path / "a.nrrd", space=space)).header.doubt == ""


def test_a_space_that_is_not_known_is_taken_as_itk_does_and_said(tmp_path):
    for changes in (
        {"space": "scanner-xyz"},
        {"space": None, "space_directions": None, "space_origin": None, "spacings": "0.9 1.3 4"},
    ):
        volume = require_placed_as_by_itk(write(tmp_path / "a.nrrd", **changes))
        assert "names no space that says which side is left" in volume.header.doubt
        np.testing.assert_allclose(volume.spacing, [0.9, 1.3, 4])


def test_text_and_detached_voxels_are_read(tmp_path):
    text = " ".join(map(str, ARRAY.ravel(order="F"))).encode()
    write(tmp_path / "a.nrrd", text, encoding="text", endian=None)
    (tmp_path / "b.raw").write_bytes(b"1234" + ARRAY.tobytes("F"))
    write(tmp_path / "b.nhdr", b"", data_file="b.raw", byte_skip="4")
    write(tmp_path / "c.nhdr", b"", data_file="b.raw", byte_skip="-1")
    for name in ("a.nrrd", "b.nhdr", "c.nhdr"):
        np.testing.assert_array_equal(read_nrrd(tmp_path / name).array, ARRAY)
        np.testing.assert_array_equal(itk_array(tmp_path / name), ARRAY)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"content": ARRAY.tobytes("F")[:-1]}, "more than the 119 there are"),
        ({"kinds": "complex domain domain"}, "complex numbers, which must be real"),
        ({"kinds": "list vector domain"}, "tfuq takes 2 or 3, and one axis more"),
        ({"sizes": "2 5 4 3", "dimension": "3"}, "its dimension is 3, and it has 4 sizes"),
        ({"type": "block"}, "its type is 'block'"),
        ({"encoding": "zip"}, "its encoding is 'zip'"),
        ({"endian": None}, "its header has no 'endian'"),
        ({"space_directions": "(1,0.5,0) (0,1,0) (0,0,1)"}, "which must be right angles"),
        ({"space_directions": "(1,0,0) (0,nan,0) (0,0,1)"}, "is no direction"),
        ({"space_units": '"um" "um" "um"'}, "tfuq takes mm"),
        ({"data_file": "../a.raw"}, "outside of its folder"),
        ({"data_file": "a.raw"}, "'a.raw', which is not there"),
        ({"data_file": "LIST"}, "spread over several files"),
        ({"data_file": "a%d.raw 1 3 1"}, "spread over several files"),
        ({"sizes": "30000 30000 30000"}, "of memory that are free"),
        ({"sizes": "0 4 3"}, "must be above 0"),
        ({"line_skip": "2"}, "save it without"),
        ({"Sizes": "5 4 3"}, "'sizes' twice"),
        ({"axis_mins": "0 0 0", "space_directions": None}, "says by 'axis mins' where it lies"),
    ],
)
def test_what_cannot_be_read_rightly_is_one_line(tmp_path, changes, words):
    path = write(tmp_path / "a.nrrd", **changes)
    with pytest.raises(DataError, match=words) as refused:
        read_nrrd(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"NRRD", b"NRRD0004\ntype: short", b"\x89PNG\r\n\x1a\n"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "a.nrrd").write_bytes(content)
    for read in (read_nrrd, read_nrrd_affine):
        with pytest.raises(DataError, match="not a readable NRRD file"):
            read(tmp_path / "a.nrrd")
