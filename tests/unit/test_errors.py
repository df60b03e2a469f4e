"""Errors that the user can mend are one line."""

from pathlib import Path

import pytest

from tfuq.errors import ConfigError, DataError, is_one_line, missing_file, nearest, printable


def test_control_characters_are_written_out():
    assert printable("a\x1b[2Jb\u202ec\n") == "a\\x1b[2Jb\\u202ec\\n"


@pytest.mark.parametrize("text", ["Größe 3 × 4", "肝臓", "a b", ""])
def test_text_that_is_printable_stays(text):
    assert printable(text) == text
    assert is_one_line(text)


@pytest.mark.parametrize("end", ["\n", "\r", "\x85", "\u2028", "\u2029", "\x00", "\t"])
def test_line_ends_of_every_kind_are_found(end):
    assert not is_one_line(f"a{end}b")


def test_a_message_is_one_line_whatever_it_quotes():
    assert str(ConfigError("key 'a\nb' is unknown")) == "key 'a\\nb' is unknown"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("epoch", "; did you mean 'epochs'?"),
        ("x", "; known: batch, epochs"),
        ("", "; known: batch, epochs"),
    ],
)
def test_the_nearest_word_or_all_of_them(word, hint):
    assert nearest(word, ["epochs", "batch"]) == hint


def test_a_missing_file_is_an_error_of_data():
    error = missing_file(Path("a/b.nii"))
    assert isinstance(error, DataError)
    assert str(error).startswith("a/b.nii: no such file")
