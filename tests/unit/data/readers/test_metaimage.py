"""MetaImage files: what SimpleITK reads of them, and what is refused."""

from functools import partial

import numpy as np
import pytest

from tests.support.itk import (
    itk_array,
    require_placed,
    write_itk,
)
from tfuq.data.readers.metaimage import read_metaimage, read_metaimage_affine
from tfuq.errors import DataError

ARRAY = np.random.default_rng(0).integers(-999, 999, (5, 4, 3)).astype(np.int16)
VOXELS = ARRAY.tobytes("F")
HEADER = {
    "ObjectType": "Image",
    "NDims": "3",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "-70 80 30",
    "ElementSpacing": "0.9 1.3 4",
    "DimSize": "5 4 3",
    "ElementType": "MET_SHORT",
    "ElementDataFile": "LOCAL",
}


require_placed_as_by_itk = partial(require_placed, read_metaimage, read_metaimage_affine)


def write(path, content=VOXELS, **changes):
    """A file of ``HEADER`` with some fields changed, or without those that are None."""
    fields = HEADER | changes
    last = fields.pop("ElementDataFile")
    lines = [f"{name} = {value}\n" for name, value in fields.items() if value is not None]
    path.write_bytes("".join([*lines, f"ElementDataFile = {last}\n"]).encode() + content)
    return path


def test_other_names_of_fields_and_forms_of_voxels_are_read_as_by_itk(tmp_path):
    text = "".join(f"{value}\n" for value in ARRAY.ravel(order="F")).encode()
    write(tmp_path / "a.mha", text, BinaryData="False")
    swapped = ARRAY.astype(">i2").tobytes("F")
    write(tmp_path / "b.mha", swapped, BinaryData="True", BinaryDataByteOrderMSB="True")
    (tmp_path / "c.raw").write_bytes(b"1234" + ARRAY.tobytes("F"))
    write(tmp_path / "c.mhd", b"", ElementDataFile="c.raw", HeaderSize="4", BinaryData="True")
    write(tmp_path / "d.mhd", b"", ElementDataFile="c.raw", HeaderSize="-1", BinaryData="True")
    notes = {"Comment": "one\nComment = two", "ElementSize": "9 9 9", "BinaryData": "True"}
    write(tmp_path / "f.mha", **notes)
    other_names = {"Offset": None, "Position": "1 2 3", "BinaryData": "True"}
    write(tmp_path / "e.mha", **other_names, TransformMatrix=None, Orientation="0 1 0 -1 0 0 0 0 1")
    for name in ("a.mha", "b.mha", "c.mhd", "d.mhd", "e.mha", "f.mha"):
        volume = require_placed_as_by_itk(tmp_path / name)
        np.testing.assert_array_equal(volume.array, ARRAY)
        np.testing.assert_array_equal(itk_array(tmp_path / name), ARRAY)


def test_an_orientation_that_contradicts_the_directions_is_said(tmp_path):
    for letters, words in (("RAI", ""), ("LPI", "is LPI and its directions say RAI"), ("???", "")):
        path = write(tmp_path / "a.mha", AnatomicalOrientation=letters, BinaryData="True")
        doubt = require_placed_as_by_itk(path).header.doubt
        assert words in doubt
        assert bool(words) == bool(doubt)


def test_damaged_compressed_voxels_are_refused(tmp_path):
    """ITK reads them without a word."""
    path = write_itk(tmp_path / "a.mha", ARRAY, compress=True)
    content = bytearray(path.read_bytes())
    content[-30] ^= 0xFF
    path.write_bytes(content)
    assert (itk_array(path) != ARRAY).any()
    with pytest.raises(DataError, match="not a readable MetaImage file"):
        read_metaimage(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"content": ARRAY.tobytes("F")[:-1]}, "more than the 119 there are"),
        ({"DimSize": "5 4"}, "its NDims is 3, and it has 2 sizes"),
        ({"DimSize": "5"}, "its NDims is 3, and it has 1 sizes"),
        ({"NDims": "1", "DimSize": "60"}, "tfuq takes 2 or 3 axes of space and channels"),
        (
            {"NDims": "4", "DimSize": "5 4 3 1", "ElementNumberOfChannels": "2"},
            "save each time in a file of its own",
        ),
        ({"ElementType": "MET_LONG"}, "its ElementType is MET_LONG"),
        ({"Position": "1 2 3"}, "its Offset and its Position differ"),
        ({"ElementType": "MET_SHORT\nDimSize = 5 4 9"}, "its header has DimSize twice"),
        ({"TransformMatrix": "1 0 0 0.6 0.8 0 0 0 1"}, "which must be right angles"),
        ({"TransformMatrix": "2 0 0 0 1 0 0 0 1"}, "not of length 1"),
        ({"ElementSpacing": "1 0 1"}, "its spacing is not above 0"),
        ({"ElementSpacing": "1 nan 1"}, "must be 3 numbers"),
        ({"DistanceUnits": "um"}, "tfuq takes mm"),
        ({"ElementToIntensityFunctionSlope": "2"}, "by a slope of 2"),
        ({"ElementDataFile": "/etc/passwd"}, "outside of its folder"),
        ({"ElementDataFile": "a.raw"}, "'a.raw', which is not there"),
        ({"ElementDataFile": "LIST"}, "spread over several files"),
        ({"ElementDataFile": "a%03d.raw 1 3 1"}, "spread over several files"),
        ({"DimSize": "30000 30000 30000"}, "of memory that are free"),
        ({"ElementNumberOfChannels": "0"}, "must be above 0"),
        ({"CompressedData": "perhaps"}, "must be True or False"),
    ],
)
def test_what_cannot_be_read_rightly_is_one_line(tmp_path, changes, words):
    path = write(tmp_path / "a.mha", **changes)
    with pytest.raises(DataError, match=words) as refused:
        read_metaimage(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"NDims = 3\n", b"\x89PNG\r\n\x1a\n"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "a.mha").write_bytes(content)
    for read in (read_metaimage, read_metaimage_affine):
        with pytest.raises(DataError, match="not a readable MetaImage file"):
            read(tmp_path / "a.mha")
