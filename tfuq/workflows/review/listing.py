"""The cases that a review has finished: a file that only grows, and the sorted table made of it.

A line of the file is a case with its rows, as JSON. The first line says what the review is of. A
process that was killed leaves at most one line that is cut off, and the next one goes on before it.
In memory are the place, the key and the uncertainty of each case, and no rows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import pydantic

from tfuq.data import disk
from tfuq.data.ownership import begin_log, note, require_log
from tfuq.data.writers import make_folder, write_rows
from tfuq.scoring.rows import Row

LIST = "cases.jsonl"
_OF_EVERY_ROW = {"case", "structure", "decision", "reason", "unlike_training"}
_Cell = bool | int | pydantic.FiniteFloat | str | None


@dataclass(frozen=True)
class _Entry:
    """A finished case.

    Attributes:
        key: tells the prediction that it was made of.
        offset: of its line in the file.
        uncertainty: infinite where it is missing.
    """

    key: str
    offset: int
    uncertainty: float


@pydantic.dataclasses.dataclass(config={"extra": "forbid", "strict": True})
class _Finished:
    """A line of the file, believed only as far as it is what a review writes.

    Attributes:
        case: its id, which each of its rows has too.
        key: as of `_Entry`.
        uncertainty: None where it is missing.
        rows: of the table.
    """

    case: str
    key: str
    uncertainty: pydantic.FiniteFloat | None
    rows: Annotated[list[dict[str, _Cell]], pydantic.Field(min_length=1)]

    def __post_init__(self) -> None:
        """Refuse rows that are not of the case, or lack what every row has."""
        for row in self.rows:
            if row.get("case") != self.case or not row.keys() >= _OF_EVERY_ROW:
                raise ValueError("a row is not one of the case")


_FINISHED = pydantic.TypeAdapter(_Finished)


class CaseList:
    """The list of a review's finished cases; a context manager."""

    def __init__(self, folder: Path, head: dict[str, Any]) -> None:
        """Open the list, and keep the cases that are whole if its head is the same.

        Args:
            folder: of the review.
            head: what the review is of.

        Raises:
            RunError: something that is not tfuq's own lies there.
        """
        make_folder(folder)
        self._path = folder / LIST
        require_log(self._path)
        self._entries: dict[str, _Entry] = {}
        head_line = _line(head)
        end = 0
        if self._path.exists():
            end = self._read(head_line)
        begin_log(self._path)
        self._file = disk.open_updated(self._path)
        self._file.truncate(end)
        self._file.seek(end)
        if not end:
            disk.write(self._file, head_line)

    def __enter__(self) -> CaseList:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        note(self._path)

    def _read(self, head_line: bytes) -> int:
        """Enter the cases that are whole; where the last of them ends, 0 of another review."""
        end = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(file):
                if number == 0 and line != head_line:
                    return 0
                if number and not self._enter(line, end):
                    break
                end += len(line)
        return end

    def _enter(self, line: bytes, offset: int) -> bool:
        """Enter the case of a line; whether the line is whole."""
        if not line.endswith(b"\n"):
            return False
        try:
            finished = _FINISHED.validate_json(line)
        except pydantic.ValidationError:
            return False
        uncertainty = math.inf
        if finished.uncertainty is not None:
            uncertainty = finished.uncertainty
        self._entries[finished.case] = _Entry(finished.key, offset, uncertainty)
        return True

    def holds(self, case: str, key: str) -> bool:
        """Whether a case is finished, of the same prediction."""
        entry = self._entries.get(case)
        return entry is not None and entry.key == key

    def add(self, case: str, key: str, uncertainty: float, rows: list[Row]) -> None:
        """Add a finished case.

        Args:
            case: its id.
            key: tells its prediction from another of the same case.
            uncertainty: infinite where it is missing.
            rows: of the table.
        """
        finite = None
        if math.isfinite(uncertainty):
            finite = uncertainty
        offset = self._file.tell()
        line = _line({"case": case, "key": key, "uncertainty": finite, "rows": rows})
        disk.write(self._file, line)
        self._entries[case] = _Entry(key, offset, uncertainty)

    def write_table(self, path: Path, cases: set[str]) -> None:
        """Write the rows of cases, the least certain case first, whole or not at all.

        Args:
            path: of the table.
            cases: ids of the finished cases that belong to it.
        """
        columns: dict[str, None] = {}
        for row in self.rows(cases):
            columns |= dict.fromkeys(row)
        write_rows(path, list(columns), self.rows(cases))

    def rows(self, cases: set[str]) -> Iterator[Row]:
        """The rows of cases, the least certain case first."""
        chosen = [(entry, case) for case, entry in self._entries.items() if case in cases]
        chosen.sort(key=lambda pair: (-pair[0].uncertainty, pair[1]))
        with self._path.open("rb") as file:
            for entry, _ in chosen:
                file.seek(entry.offset)
                yield from json.loads(file.readline())["rows"]


def _line(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n").encode()
