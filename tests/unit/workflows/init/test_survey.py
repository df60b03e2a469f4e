"""The files of a folder that tfuq reads."""

import pytest

from tfuq.errors import DataError
from tfuq.workflows.init.survey import survey


def test_files_are_listed_with_folder_name_and_ending(tmp_path):
    for name in ("b/x.NII.gz", "a.png", "notes.txt", ".hidden/c.png", "b/.d.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = [(item.folder, item.name, item.ending) for item in survey(tmp_path)]
    assert found == [((), "a", ".png"), (("b",), "x", ".NII.gz")]


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match="has no file that tfuq reads; name a folder of NIfTI"):
        survey(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        survey(tmp_path / "nowhere")
