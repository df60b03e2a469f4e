"""Errors that are the user's to mend: each is one line that names the thing, its value, what is allowed, the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


def printable(text: str) -> str:
    """The text as one line, control characters and marks that turn its direction written out as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class TfuqError(Exception):
    """Bad input or usage. The command line prints its message on one line and exits with 2.

    The message is one line whatever it quotes: file names and keys may hold line ends and control characters.
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
    """A hint ``; did you mean 'x'?`` naming the known word closest to ``word``, or the known words if none is close."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else f"; known: {', '.join(known)}"


def missing_file(path: Path) -> DataError:
    """The error of a file that something names and that is not there."""
    return DataError(f"{path}: no such file; restore it, or correct what names it")
