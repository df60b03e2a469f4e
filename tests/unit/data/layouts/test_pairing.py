"""Images and labels of two folders by their names."""

import unicodedata

import pytest

from tfuq.data.layouts.pairing import files_by_name, images_by_case
from tfuq.errors import DataError


def test_files_go_by_their_composed_names(tmp_path):
    assert files_by_name(tmp_path / "absent") == {}
    apart = tmp_path / f"{unicodedata.normalize('NFD', 'é')}.nii"
    apart.touch()
    (tmp_path / "notes.txt").touch()
    assert files_by_name(tmp_path) == {"é": apart}
    (tmp_path / "é.png").touch()
    with pytest.raises(DataError, match="and which of them is meant is not told; keep one"):
        files_by_name(tmp_path)


@pytest.mark.parametrize(
    ("channels", "labelled", "ids", "names"),
    [
        ((), ["a"], ["a", "b"], ("0000", "0001")),
        ((), ["a", "a_0001"], ["a_0000", "a_0001", "b_0000", "b_0001"], ()),  # labels of files
        ((), [], ["a_0000", "a_0001", "b_0000", "b_0001"], ()),
        (["0001", "0000"], [], ["a", "b"], ("0001", "0000")),
    ],
)
def test_labels_tell_whether_files_are_channels(tmp_path, channels, labelled, ids, names):
    for name in ("a_0000", "a_0001", "b_0000", "b_0001"):
        (tmp_path / f"{name}.nii").touch()
    images, channel_names = images_by_case(tmp_path, channels, labelled)
    assert sorted(images) == ids
    assert channel_names == names
