"""The header of a NRRD file: its axes, and where its voxels lie."""

import numpy as np
import pytest

from tfuq.data.readers.nrrd_header import NrrdHeader
from tfuq.errors import DataError

AXES = "sizes: 3 6 5 4\ndimension: 4\nkinds: RGB-color domain domain domain\n"
DIRECTIONS = "space directions: none (0,2,0) (3,0,0) (0,0,4)\nspace origin: (7,8,9)\n"


def header_of(path, text, content=b"voxels"):
    path.write_bytes(b"NRRD0004\n# kinds: of nothing\n" + text.encode() + b"\n" + content)
    return NrrdHeader.of_file(path)


def test_axes_are_those_of_space_and_of_channels(tmp_path):
    header = header_of(tmp_path / "a", AXES + "space: RAS\n" + DIRECTIONS + "key:=a: b\n")
    assert header.sizes == (3, 6, 5, 4)
    assert (header.spatial_axes, header.channel_axis) == ([1, 2, 3], 0)
    assert (tmp_path / "a").read_bytes()[header.end :] == b"voxels"
    expected = [[0, 3, 0, 7], [2, 0, 0, 8], [0, 0, 4, 9], [0, 0, 0, 1]]
    np.testing.assert_array_equal(header.place().affine, expected)
    assert "key" not in header.fields
    assert header.required("dimension") == "4"
    with pytest.raises(ValueError, match="its header has no 'type'"):
        header.required("type")


@pytest.mark.parametrize(
    ("kinds", "channel_axis"),
    [("domain domain domain domain", 3), ("list domain domain domain", 0), (None, 3)],
)
def test_without_directions_kinds_tell_or_the_last_of_four_is_channels(
    tmp_path, kinds, channel_axis
):
    text = "sizes: 6 5 4 3\ndimension: 4\nspacings: 2 3 4 5\n"
    if kinds:
        text += f"kinds: {kinds}\n"
    header = header_of(tmp_path / "a", text)
    assert header.channel_axis == channel_axis
    spacing = {3: [2, 3, 4], 0: [3, 4, 5]}[channel_axis]
    affine = header.place().affine
    np.testing.assert_array_equal(affine, np.diag([-spacing[0], -spacing[1], spacing[2], 1]))


def test_lines_may_end_as_those_of_windows(tmp_path):
    text = (AXES + "space: LPS\n" + DIRECTIONS).replace("\n", "\r\n") + "\r"
    header = header_of(tmp_path / "a", text)
    assert header.sizes == (3, 6, 5, 4)
    assert (tmp_path / "a").read_bytes()[header.end :] == b"voxels"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (AXES + "spacings: 1 1\n", ValueError, "2 spacings of 4 axes"),
        (AXES + "spacings: 1 0 1 1\n", ValueError, "its spacing 0 is not above 0"),
        (AXES + "space directions: (1,0,0)\n", ValueError, "1 space directions of 4 axes"),
        (AXES + DIRECTIONS + "space units: \"cm\" \"cm\" \"cm\"\n", DataError, "tfuq takes mm"),
        ("sizes: 9\ndimension: 1\n", DataError, "1 axes of space"),
        ("sizes: 9 8 7 6 5\ndimension: 5\n", DataError, "one axis more, of channels"),
        ("sizes: 9 8\ndimension: 2\nkinds: domain\n", ValueError, "1 kinds of 2 axes"),
    ],
)  # fmt: skip
def test_headers_that_say_the_impossible_are_refused(tmp_path, text, kind, words):
    with pytest.raises(kind, match=words):
        header_of(tmp_path / "a", text).place()
