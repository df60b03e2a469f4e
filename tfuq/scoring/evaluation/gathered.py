"""What is gathered of a segmentation, from case to case, and the file of what a slice has."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfuq.data.json_csv import read_json
from tfuq.data.writers import write_json
from tfuq.errors import RunError
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.diversity import Diversity, StoredDiversity
from tfuq.scoring.rows import Row

_REMEDY = "remove it, and run the same tfuq score again"
_TABLES = (
    "cases",
    "structures",
    "components",
    "lesions",
    "candidates",
    "detection",
    "raters",
    "members",
    "before",
    "bounds",
    "empty",
)


@dataclass(kw_only=True)
class Gathered:
    """What is gathered from case to case.

    Attributes:
        cases: rows of ``cases.csv``.
        structures: rows of ``structures.csv``.
        components: rows of ``components.csv``.
        lesions: rows of ``lesions.csv``.
        candidates: predicted components of structures, by case and reference.
        detection: rows of ``detection.csv``.
        raters: rows of ``raters.csv``.
        members: scores of each member's label, rows by case, member and class.
        diversity: of the members.
        bins: voxels by confidence, of each case.
        before: calibration before scaling, of each case.
        bounds: what conformal bounds missed.
        empty: ids of the cases of which no reference has a structure.
        averaged: how many cases have two raters, over which scores are means.
    """

    cases: list[Row] = field(default_factory=list)
    structures: list[Row] = field(default_factory=list)
    components: list[Row] = field(default_factory=list)
    lesions: list[Row] = field(default_factory=list)
    candidates: list[Row] = field(default_factory=list)
    detection: list[Row] = field(default_factory=list)
    raters: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    diversity: Diversity = field(default_factory=lambda: Diversity("dice"))
    bins: list[Bins] = field(default_factory=list)
    before: list[Row] = field(default_factory=list)
    bounds: list[Row] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    averaged: int = 0

    def extend(self, other: Gathered) -> None:
        """Add what was gathered of the cases that come next.

        Raises:
            RunError: they have another number of members.
        """
        for name in _TABLES:
            getattr(self, name).extend(getattr(other, name))
        self.diversity.extend(other.diversity)
        self.bins += other.bins
        self.averaged += other.averaged

    def write(self, path: Path) -> None:
        """Write it to a file, whole or not at all.

        Raises:
            DataError: a number of it is not finite.
            TfuqError: it cannot be written.
        """
        content: dict[str, Any] = {name: getattr(self, name) for name in _TABLES}
        content["averaged"] = self.averaged
        content["bins"] = [np.array(bins).tolist() for bins in self.bins]
        content["diversity"] = self.diversity.stored()
        write_json(path, content)

    @classmethod
    def read(cls, path: Path) -> Gathered:
        """Read what `write` has written.

        Raises:
            RunError: the file is damaged.
        """
        stored = read_json(path, _Stored, _REMEDY)
        gathered = cls(averaged=stored.averaged)
        for name in _TABLES:
            getattr(gathered, name).extend(getattr(stored, name))
        try:
            gathered.diversity.restore(stored.diversity)
            gathered.bins += [Bins(*np.array(bins)) for bins in stored.bins]
        except ValueError as error:
            raise RunError(f"{path}: has tables with gaps ({error}); {_REMEDY}") from error
        return gathered


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """`Gathered` as it is in a file: arrays are lists."""

    cases: list[Row]
    structures: list[Row]
    components: list[Row]
    lesions: list[Row]
    candidates: list[Row]
    detection: list[Row]
    raters: list[Row]
    members: list[Row]
    diversity: StoredDiversity
    bins: list[tuple[list[float], list[float], list[float]]]
    before: list[Row]
    bounds: list[Row]
    empty: list[str]
    averaged: int
