"""Files that an index names."""

import unicodedata

import pytest

from tfuq.data.layouts.indexed import indexed_path, with_slashes
from tfuq.errors import DataError


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a/b.nii", "set/a/b.nii"),
        (r"a\b.nii", "set/a/b.nii"),
        (r".\a\b.nii", "set/a/b.nii"),
        ("../other/b.nii", "set/../other/b.nii"),
        (r"a\..\..\other\b.nii", "set/a/../../other/b.nii"),
    ],
)
def test_names_are_relative_to_the_folder(tmp_path, written, expected):
    assert indexed_path(tmp_path / "set", written, "index") == tmp_path / expected


@pytest.mark.parametrize("written", ["../../b.nii", r"..\..\b.nii", "a/../../../b.nii"])
def test_names_far_out_of_the_folder_are_refused(tmp_path, written):
    with pytest.raises(DataError, match=r"index: .* leads more than one folder out of"):
        indexed_path(tmp_path, written, "index")


def test_an_absolute_name_is_taken_as_it_stands(tmp_path):
    assert indexed_path(tmp_path / "a", str(tmp_path / "b.nii"), "index") == tmp_path / "b.nii"


def test_a_file_may_have_a_backslash_in_its_name(tmp_path):
    (tmp_path / r"a\b.nii").touch()
    assert indexed_path(tmp_path, r"a\b.nii", "index") == tmp_path / r"a\b.nii"
    assert with_slashes(tmp_path, r"a\c.nii") == "a/c.nii"


@pytest.mark.parametrize(("on_disk", "in_index"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_forms_of_unicode_are_one_name(tmp_path, on_disk, in_index):
    path = tmp_path / unicodedata.normalize(on_disk, "é.nii")
    path.touch()
    assert indexed_path(tmp_path, unicodedata.normalize(in_index, "é.nii"), "index") == path
    assert indexed_path(tmp_path, "ä.nii", "index") == tmp_path / "ä.nii"
