"""What processes that predict into one folder have finished: a file of each, which only grows.

The first line of a file says of what samples the cases are. Every other line is a case, as JSON:
what the manifest is to hold of it and, of tasks whose predictions are tables, its rows; or why it
cannot be predicted. So the cost of a case does not grow with the number of cases. The manifest
takes the cases over when the last process ends. Until then, whoever reads the manifest reads these
files too. A process that was killed leaves at most one line that is cut off, and it says nothing.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import AfterValidator, Field

from tfuq.data import disk
from tfuq.data.claims import lists_in
from tfuq.data.json_csv import parse_json
from tfuq.data.ownership import begin_log, require_log
from tfuq.data.writers import writing
from tfuq.errors import RunError, is_one_line
from tfuq.runs.entries import CaseEntry, CaseId

_EARLIER = ".finished.jsonl"  # of the one process that an earlier version had
_REMEDY = "remove it, and run the same tfuq predict again"
Rows = dict[str, list[dict[str, str]]]  # of a case by table, as they are read from CSV


def _one_line(text: str) -> str:
    if not is_one_line(text):
        raise ValueError("a reason is one line")
    return text


Reason = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]


@dataclass(kw_only=True)
class _Line:
    """A line of a file.

    Attributes:
        case: its id.
        entry: what the manifest is to hold of it; None of a case that failed.
        rows: its rows by table.
        failed: why it cannot be predicted; None of a finished case.
    """

    case: CaseId
    entry: CaseEntry | None = None
    rows: Rows = field(default_factory=dict)
    failed: Reason | None = None


@dataclass(kw_only=True)
class Finished:
    """What the files of a folder say.

    Attributes:
        heads: the first line of each file that has one.
        cases: the finished cases by id.
        rows: of the finished cases by id, by table.
        failed: why cases cannot be predicted, by id.
    """

    heads: dict[Path, bytes] = field(default_factory=dict)
    cases: dict[CaseId, CaseEntry] = field(default_factory=dict)
    rows: dict[CaseId, Rows] = field(default_factory=dict)
    failed: dict[CaseId, Reason] = field(default_factory=dict)

    def require(self, draws: dict[str, Any]) -> Finished:
        """Refuse cases of other samples.

        Args:
            draws: what tells the samples of the manifest from others.

        Raises:
            RunError: a file is of other samples.
        """
        for path, head in self.heads.items():
            if head != _line({"draws": draws}):
                problem = "is of other samples than the manifest beside it"
                raise RunError(f"{path}: {problem}; {_REMEDY}")
        return self

    def settled(self, case: CaseId) -> bool:
        """Whether a case is finished, or cannot be predicted."""
        return case in self.cases or case in self.failed

    def _add(self, line: _Line) -> None:
        if line.entry is None:
            if line.case not in self.cases:
                self.failed[line.case] = line.failed or "for a reason that is not told"
            return
        self.cases[line.case] = line.entry
        self.rows[line.case] = line.rows
        self.failed.pop(line.case, None)


def read_finished(folder: Path) -> Finished:
    """Read the files of a folder.

    Raises:
        RunError: one is damaged, or it is a link or a device.
    """
    finished = Finished()
    for path in [folder / _EARLIER, *lists_in(folder)]:
        content = _content(path)
        if content is None:
            continue
        *whole, _ = content.split(b"\n")
        if not whole:
            continue
        finished.heads[path] = whole[0] + b"\n"
        listed = b"[" + b",".join(whole[1:]) + b"]"
        for line in parse_json(listed, path, list[_Line], _REMEDY):
            finished._add(line)
    return finished


def _content(path: Path) -> bytes | None:
    try:
        with disk.open_regular(path, os.O_RDONLY) as file:
            return file.read()
    except OSError as error:
        if not os.path.lexists(path):
            return None
        # Some file systems say of a file for a while that it is not there.
        raise RunError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from error


def remove_lists(folder: Path) -> None:
    """Remove the files of a folder.

    Raises:
        RunError: something that is not tfuq's own lies in the place of one.
        TfuqError: one cannot be removed.
    """
    paths = [folder / _EARLIER, *lists_in(folder)]
    for path in paths:
        require_log(path)
    for path in paths:
        with writing(path):
            disk.remove(path)


class FinishedCases:
    """Adds to the file of this process; several threads may do so."""

    def __init__(self, path: Path, draws: dict[str, Any]) -> None:
        """Name the file; it is made by the first case.

        Args:
            path: its place, in a folder that is there.
            draws: what tells the samples from others.
        """
        self._path = path
        self._head = _line({"draws": draws})
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()

    def add(self, case: CaseId, entry: CaseEntry, rows: Mapping[str, Any]) -> None:
        """Add a finished case.

        Args:
            case: its id.
            entry: what the manifest is to hold of it.
            rows: its rows by table, as `Rows`.

        Raises:
            TfuqError: it cannot be written.
        """
        content: dict[str, Any] = {"case": case, "entry": asdict(entry)}
        if rows:
            content["rows"] = rows
        self._write(content)

    def fail(self, case: CaseId, reason: Reason) -> None:
        """Add a case that cannot be predicted.

        Raises:
            TfuqError: it cannot be written.
        """
        self._write({"case": case, "failed": reason})

    def _write(self, content: dict[str, Any]) -> None:
        with self._lock, writing(self._path):
            if self._file is None:
                begin_log(self._path)
                self._file = disk.open_updated(self._path)
                disk.write(self._file, self._head)
            disk.write(self._file, _line(content))

    def close(self) -> None:
        """Add no more."""
        if self._file:
            self._file.close()
            self._file = None


def _line(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, allow_nan=False) + "\n").encode()
