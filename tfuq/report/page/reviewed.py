"""The review of predictions, where tfuq review has made one: decisions, estimates and reasons."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pydantic

from tfuq.data.json_csv import Cell, read_json, read_typed
from tfuq.data.paths import real_path
from tfuq.report.page.source import Rows, Source

_AGAIN = "run tfuq review again"
_ROUNDING = 1e-4  # of a measure in a table, relative
_ESTIMATED = "estimated_"
_BOUNDS = ("_at_least", "_at_most")


class _Referral(pydantic.BaseModel, extra="allow"):
    alpha: float
    delta: float
    cases: int


class _Summary(pydantic.BaseModel, extra="allow"):
    method: str
    samples: int | None = None
    ordered_by: str
    promise: str | None = None
    why_no_promise: str | None = None
    referral: _Referral | None = None


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """A review of a report's predictions.

    Attributes:
        folder: Where it lies.
        rows: Of ``review.csv``, by case from the least certain one.
        summary: What ``review.json`` says.
    """

    folder: Path
    rows: Rows
    summary: dict[str, Any]

    @cached_property
    def by_case(self) -> dict[str, Rows]:
        """The rows of each case, the least certain case and structure first."""
        by_case: dict[str, Rows] = {}
        for row in self.rows:
            by_case.setdefault(str(row["case"]), []).append(row)
        return by_case

    def decision(self, case_id: str) -> str | None:
        """``refer`` or ``keep``; None where nothing is promised."""
        return _text(self.by_case[case_id][0].get("decision"))

    def reasons(self, case_id: str) -> list[str]:
        """A sentence on each structure, the least certain first."""
        return [str(row.get("reason")) for row in self.by_case[case_id]]

    @property
    def estimated(self) -> str | None:
        """The column of what is estimated; None without a calibration."""
        for name in self.rows[0]:
            if name.startswith(_ESTIMATED) and "_lower" not in name and "_upper" not in name:
                return name
        return None

    @property
    def bound(self) -> str | None:
        """The column of the estimate's bound; None where there is none."""
        for name in self.rows[0]:
            if any(part in name for part in _BOUNDS):
                return name
        return None


def review_of(source: Source) -> Reviewed | None:
    """The review of a source's predictions; None where there is none, or one of other predictions.

    Args:
        source: Whose predictions may have been reviewed.

    Raises:
        RunError: The review is damaged.
    """
    folder = _review_folder(source.predictions)
    if not (folder / "review.csv").is_file() or not (folder / "review.json").is_file():
        return None
    stored = read_json(folder / "review.json", _Summary, _AGAIN)
    rows = read_typed(folder / "review.csv", ("case", "structure"), _AGAIN)
    review = Reviewed(folder=folder, rows=rows, summary=stored.model_dump())
    is_same = stored.method == source.summary["method"] and stored.samples == source.samples
    if not rows or not is_same or not _fits(review, source):
        return None
    return review


def _review_folder(predictions: Path) -> Path:
    """Where tfuq review writes by itself."""
    resolved = real_path(predictions)
    if resolved.parent.name == "predictions":
        return resolved.parent.parent / "reviews" / resolved.name
    return resolved / "review"


def _fits(review: Reviewed, source: Source) -> bool:
    """Whether the measure that the review is ordered by is that of the predictions."""
    name = review.summary["ordered_by"]
    reviewed = {(row["case"], row["structure"]): row.get(name) for row in review.rows}
    for key, value in _measured(source, name):
        other = reviewed.get(key)
        if value is None or other is None:
            continue
        if not math.isclose(value, float(other), rel_tol=_ROUNDING, abs_tol=_ROUNDING):
            return False
    return True


def _measured(source: Source, name: str) -> Iterator[tuple[tuple[Cell, Cell], Any]]:
    if source.structures:
        for row in source.structures:
            yield (row["case"], row["class"]), row.get(name)
        return
    for row in source.cases:
        yield (row["case"], "all"), row.get(name)


def _text(value: Cell) -> str | None:
    if value is None:
        return None
    return str(value) or None
