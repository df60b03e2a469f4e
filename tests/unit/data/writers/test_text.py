"""Bytes, text and JSON."""

import json

import pytest

from tfuq.data.ownership import is_ours
from tfuq.data.writers.text import write_bytes, write_json, write_text
from tfuq.errors import DataError, RunError, TfuqError


def test_text_is_utf_8_with_the_line_ends_that_it_has(tmp_path):
    write_text(tmp_path / "a.txt", "Fälle\r\n\n")
    assert (tmp_path / "a.txt").read_bytes() == b"F\xc3\xa4lle\r\n\n"
    assert is_ours(tmp_path / "a.txt")


def test_json_reads_back_and_ends_with_a_line_end(tmp_path):
    content = {"a": [1, 0.1, None, "ä"], "b": {"c": True}}
    write_json(tmp_path / "a.json", content)
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == content
    assert text.endswith("}\n")
    assert '\n  "a"' in text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_are_not_written(tmp_path, value):
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(DataError, match=r"a.json: is not written, as a number"):
        write_json(tmp_path / "a.json", {"a": [value]})
    assert (tmp_path / "a.json").read_text() == "1\n"


def test_bytes_take_the_place_of_own_ones_alone(tmp_path):
    write_bytes(tmp_path / "a", b"\x00\xff")
    write_bytes(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    (tmp_path / "a").write_bytes(b"theirs")
    with pytest.raises(RunError, match="was changed since tfuq wrote it"):
        write_bytes(tmp_path / "a", b"three")
    assert (tmp_path / "a").read_bytes() == b"theirs"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TfuqError, match="file/below: folder cannot be made"):
        write_text(tmp_path / "file" / "below" / "a.txt", "")
