"""Errors that the user can mend.

Each is one line that names the thing, its value, what is allowed, and the remedy.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from pathlib import Path

_LEAST_SIMILARITY = 0.6  # of a word that is worth a hint, from 0 to 1


_LINE_ENDS = ("Cc", "Zl", "Zp")  # categories of characters that no line of text holds


def printable(text: str) -> str:
    """The text as one line.

    Control characters, and marks that turn the direction of a text, become escapes.
    """
    return "".join(_printable_character(character) for character in text)


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def is_one_line(text: str) -> bool:
    """Whether a text holds no line end and no other control character."""
    if text.isprintable():
        return True
    return not any(unicodedata.category(character) in _LINE_ENDS for character in text)


class TfuqError(Exception):
    """Bad input or usage. The command line prints its message on one line and exits with 2.

    The message is one line whatever it quotes: file names and keys may hold line ends and control
    characters.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class ConfigError(TfuqError):
    """A configuration that is unknown, ill-typed, out of range or contradictory."""


class DataError(TfuqError):
    """A file or a data set that cannot be used as it is."""


class RunError(TfuqError):
    """A run directory that is missing, incomplete, of another kind, or in the way."""


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint about a word that is not known.

    Args:
        word: the word.
        known: the known words.

    Returns:
        ``; did you mean 'x'?`` with the closest known word, or all known words if none is close.
    """
    known = sorted(known)
    return resembling(word, known) or f"; known: {', '.join(known)}"


def resembling(word: str, known: Iterable[str]) -> str:
    """A hint about a word that is not among many known ones.

    Args:
        word: the word.
        known: the known words.

    Returns:
        ``; did you mean 'x'?`` with the closest known word; nothing if none is close.
    """
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=_LEAST_SIMILARITY)
    if not close:
        return ""
    return f"; did you mean '{close[0]}'?"


def missing_file(path: Path) -> DataError:
    """The error of a file that something names and that does not exist."""
    return DataError(f"{path}: no such file; restore it, or correct what names it")
