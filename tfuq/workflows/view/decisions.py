"""What people decide on cases: a file that only grows, a line for each decision.

Each line is flushed to disk before the page hears of it. A process that was killed leaves at most
one line that is cut off. Such a line is no decision, and the next one begins on a line of its own.
Nothing that lies in the file is ever changed, so that two people's pages, or a spreadsheet that was
saved without its last line end, lose nothing.
"""

from __future__ import annotations

import csv
import os
import re
import threading
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, get_args

from tfuq.data import disk
from tfuq.data.json_csv import read_text
from tfuq.data.writers import csv_line, make_folder, without_mark
from tfuq.errors import RunError, is_one_line

FILE = "decisions.csv"
WHOLE_CASE = "all"
Verdict = Literal["accept", "edit needed", "reject", "undecided"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
LONGEST_NOTE = 2000  # characters
_PREDICTION = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What somebody decided on a case, or on one structure of it.

    Attributes:
        case: its id.
        structure: its name, or `WHOLE_CASE`.
        decision: the verdict; undecided takes an earlier one back.
        note: what was written beside it, one line.
        time: when, in UTC.
        reviewer: who, where that was said.
        prediction: tells the prediction that was looked at from another one of the case.
    """

    case: str
    structure: str
    decision: str
    note: str
    time: str
    reviewer: str
    prediction: str

    def __post_init__(self) -> None:
        """Refuse what no page writes.

        Raises:
            ValueError: an unknown verdict or prediction, or a text that a line cannot hold.
        """
        if self.decision not in VERDICTS:
            raise ValueError(f"'{self.decision:.80}' is none of {', '.join(VERDICTS)}")
        if not _PREDICTION.fullmatch(self.prediction):
            raise ValueError("the prediction is not known")
        if len(self.note) > LONGEST_NOTE:
            raise ValueError(f"the note is longer than {LONGEST_NOTE} characters")
        texts = (self.case, self.structure, self.note, self.reviewer)
        if not all(map(is_one_line, texts)):
            raise ValueError("a text has line ends or other control characters")


_COLUMNS = [field.name for field in fields(Decision)]
_HEADER = ",".join(_COLUMNS)
Decided = dict[tuple[str, str], Decision]


class DecisionLog:
    """The decisions of a folder."""

    def __init__(self, folder: Path) -> None:
        """Look at the file, if there is one.

        Args:
            folder: of the review.

        Raises:
            RunError: something else lies in its place.
        """
        self.path = folder / FILE
        self._lock = threading.Lock()
        self.read()

    def read(self) -> tuple[Decided, int]:
        """Read the file.

        Returns:
            The last decision of each case and structure, and how many lines are none.

        Raises:
            RunError: it cannot be read, or is something else.
        """
        if not self.path.exists():
            return {}, 0
        header, *lines = read_text(self.path).replace("\r\n", "\n").split("\n")
        if not _HEADER.startswith(header):  # a header that was cut off is one
            raise RunError(
                f"{self.path}: is no list of decisions, as its first line is not {_HEADER}; "
                "move it away"
            )
        decided: Decided = {}
        unread = 0
        for line in lines:
            decision = _decision_of(line)
            if decision:
                decided[decision.case, decision.structure] = decision
            elif line:
                unread += 1
        return decided, unread

    def add(self, decision: Decision) -> None:
        """Add a decision, and flush it to disk.

        Args:
            decision: it.

        Raises:
            RunError: the folder cannot be written, or something else lies in the file's place.
            OSError: the disk is full or gone.
        """
        with self._lock:
            make_folder(self.path.parent)
            with disk.open_log(self.path) as file:
                is_new = os.fstat(file.fileno()).st_size == 0
                content = csv_line(astuple(decision))
                if is_new:
                    content = csv_line(_COLUMNS) + content
                elif not _ends_a_line(self.path):
                    content = "\n" + content
                disk.write(file, content.encode())
                disk.flush_open(file.fileno())
            if is_new:
                disk.flush([self.path.parent])


def now() -> str:
    """The time as decisions have it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _decision_of(line: str) -> Decision | None:
    """The decision of a line; None where it is cut off or none."""
    try:
        (cells,) = csv.reader([line], strict=True)
        case, structure, verdict, note, time, reviewer, prediction = map(without_mark, cells)
        return Decision(
            case=case,
            structure=structure,
            decision=verdict,
            note=note,
            time=time,
            reviewer=reviewer,
            prediction=prediction,
        )
    except (ValueError, csv.Error):
        return None


def _ends_a_line(path: Path) -> bool:
    with disk.open_regular(path, os.O_RDONLY) as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
