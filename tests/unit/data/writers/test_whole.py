"""Files and folders take their names when they are whole."""

import os

import pytest

from tfuq.data.writers import write_csv
from tfuq.errors import TfuqError


def test_files_appear_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    write_csv(path, [{"a": 1, "b": 'x,"y"'}, {"a": float("nan"), "c": 0.1234567891}])
    assert path.read_text() == 'a,b,c\n1,"x,""y""",\n,,0.123457\n'

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(TfuqError, match="No space left on device"):
        write_csv(path, [{"a": 2}])
    assert path.read_text().startswith("a,b,c")
    assert {found.name for found in tmp_path.iterdir()} == {path.name, ".tfuq"}
