"""Text files, read whole: regular ones alone, and only where they fit."""

import os

import pytest

from tfuq.data import budget
from tfuq.data.readers.text import read_plain_bytes, read_plain_text
from tfuq.errors import DataError


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_text_is_without_its_byte_order_mark(tmp_path, mark):
    path = tmp_path / "a.txt"
    path.write_bytes(mark + "Fälle\r\n".encode())
    assert read_plain_text(path) == "Fälle\r\n"
    assert read_plain_bytes(path) == path.read_bytes()


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UnicodeDecodeError):
        read_plain_text(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is no regular file"):
        read_plain_text(tmp_path / "pipe")


def test_a_file_that_does_not_fit_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 100)
    monkeypatch.setattr(budget, "free_memory", lambda: 1100)
    assert read_plain_bytes(path, working_bytes=11) == b"x" * 100
    with pytest.raises(DataError, match="100 bytes of a file take"):
        read_plain_text(path)  # twelve for each byte
