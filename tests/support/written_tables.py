"""The tables and summaries that commands have written below a folder, by command and file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path, PurePath

# The folder that the tables of a command are in; the innermost one counts.
_COMMAND_OF = {
    "predictions": "predict",
    "scores": "score",
    "reviews": "review",
    "queries": "query",
    "doses": "dose",
    "shift": "shift",
    "members": "train",
    "studies": "study",
    "compared": "compare",
}


def table_of(path: PurePath) -> str | None:
    """A table as the page *Files of a run* names it, such as ``score/cases.csv``.

    Args:
        path: Of the file.

    Returns:
        None where no folder above it is one of a command.
    """
    for part in reversed(path.parts[:-1]):
        if part in _COMMAND_OF:
            return f"{_COMMAND_OF[part]}/{path.name}"
    return None


def written_columns(folder: Path) -> Iterator[tuple[str, str]]:
    """The table and the name of each column of all tables below a folder."""
    for path in sorted(folder.rglob("*.csv")):
        table = table_of(path)
        if table is not None:
            with path.open(encoding="utf-8", newline="") as file:
                for column in next(csv.reader(file)):
                    yield table, column


def written_keys(folder: Path) -> Iterator[tuple[str, str]]:
    """The file and the name of each outermost key of all summaries below a folder."""
    for name in ("summary.json", "review.json", "query.json"):
        for path in sorted(folder.rglob(name)):
            file = table_of(path)
            if file is not None:
                for key in json.loads(path.read_text(encoding="utf-8")):
                    yield file, key
