"""NRRD files: what SimpleITK reads of them, and what is refused."""

from functools import partial

import numpy as np
import pytest

from tests.support.itk import (
    corners,
    itk_array,
    itk_corners,
    require_placed,
)
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


require_placed_as_by_itk = partial(require_placed, read_nrrd, read_nrrd_affine)


def write(path, content=VOXELS, **changes):
    """A file of ``HEADER`` with some fields changed, or without those that are None."""
    fields = HEADER | {name.replace("_", " "): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    text = "NRRD0005\n# a comment\n" + "\n".join(lines) + "\nmade by:=the tests\n\n"
    path.write_bytes(text.encode() + content)
    return path


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
