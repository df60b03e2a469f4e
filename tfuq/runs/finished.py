"""The cases that a prediction of volumes has finished: a file beside the manifest that only grows.

Its first line says of what samples the cases are. Every other line is a case, as JSON. So the cost
of a case does not grow with the number of cases. The manifest takes the cases over when the
prediction ends. Until then, whoever reads the manifest reads this file too. A process that was
killed leaves at most one line that is cut off, and it says nothing.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import AfterValidator

from tfuq.data import disk
from tfuq.data.json_csv import parse_json
from tfuq.data.layouts import is_case_id
from tfuq.data.ownership import begin_log, require_log
from tfuq.data.writers import writing
from tfuq.errors import RunError

FINISHED = ".finished.jsonl"
_REMEDY = "remove it, and run the same tfuq predict again"


def _case_id(name: str) -> str:
    if not is_case_id(name):
        raise ValueError(f"'{name:.80}' cannot be a case id, as it is no name for a folder")
    return name


CaseId = Annotated[str, AfterValidator(_case_id)]


@dataclass(kw_only=True)
class CaseEntry:
    """A finished case.

    Attributes:
        images: the files that it was made from.
        label: the file of its label, if it has one.
        seconds: of each stage.
        mask: the file of where to look, if there was one.
        raters: the file of each rater's label.
        series: the UID of the DICOM series that was chosen.
    """

    images: list[str]
    label: str | None
    seconds: dict[str, float]
    mask: str | None = None
    raters: dict[str, str] = field(default_factory=dict)
    series: str | None = None


@dataclass(kw_only=True)
class _Line:
    """A line of the file.

    Attributes:
        case: its id.
        entry: what the manifest is to hold of it.
    """

    case: CaseId
    entry: CaseEntry


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What the file says.

    Attributes:
        path: of the file.
        head: its first line; empty where there is none.
        cases: by id.
    """

    path: Path
    head: bytes = b""
    cases: dict[CaseId, CaseEntry] = field(default_factory=dict)

    def of(self, draws: dict[str, Any]) -> dict[CaseId, CaseEntry]:
        """The cases.

        Args:
            draws: what tells the samples of the manifest from others.

        Raises:
            RunError: they are of other samples.
        """
        if self.head and self.head != _line({"draws": draws}):
            problem = "is of other samples than the manifest beside it"
            raise RunError(f"{self.path}: {problem}; {_REMEDY}")
        return self.cases


def read_finished(folder: Path) -> Finished:
    """Read the file of a folder.

    Raises:
        RunError: it is damaged, or it is a link or a device.
    """
    path = folder / FINISHED
    try:
        with disk.open_regular(path, os.O_RDONLY) as file:
            content = file.read()
    except FileNotFoundError:
        return Finished(path=path)
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from error
    *whole, _ = content.split(b"\n")
    if not whole:
        return Finished(path=path)
    listed = b"[" + b",".join(whole[1:]) + b"]"
    cases = {}
    for line in parse_json(listed, path, list[_Line], _REMEDY):
        cases[line.case] = line.entry
    return Finished(path=path, head=whole[0] + b"\n", cases=cases)


class FinishedCases:
    """Adds to the file of a folder that this process holds."""

    def __init__(self, folder: Path, draws: dict[str, Any]) -> None:
        """Look at the place of the file; it is made by the first case.

        Args:
            folder: of predictions.
            draws: what tells their samples from others.

        Raises:
            RunError: something that is not tfuq's own lies there.
        """
        self._path = folder / FINISHED
        self._head = _line({"draws": draws})
        self._file: BinaryIO | None = None
        require_log(self._path)

    @property
    def exists(self) -> bool:
        """Whether there is a file."""
        return self._path.exists()

    def add(self, case: CaseId, entry: CaseEntry) -> None:
        """Add a finished case.

        Raises:
            TfuqError: it cannot be written.
        """
        with writing(self._path):
            if self._file is None:
                begin_log(self._path)
                self._file = disk.open_updated(self._path)
                disk.write(self._file, self._head)
            disk.write(self._file, _line({"case": case, "entry": asdict(entry)}))

    def close(self) -> None:
        """Add no more."""
        if self._file:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Remove the file, if there is one.

        Raises:
            TfuqError: it cannot be removed.
        """
        with writing(self._path):
            disk.remove(self._path)


def _line(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, allow_nan=False) + "\n").encode()
