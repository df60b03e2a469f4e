"""What is known of each case as a whole: scores, measures of confidence, and which cases to look at first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tfuq.data.stored import is_text
from tfuq.data.units import is_size
from tfuq.errors import DataError
from tfuq.report.page.sources import Rows, Scored, shared_cases
from tfuq.scoring.evaluation.failures import CERTAINTIES
from tfuq.scoring.metrics import METRICS, Metric

_QUALITIES = ("dice", "accuracy", "radial_error_mm", "radial_error_px")
_LEADING = ("pairwise_dice", "predictive_entropy", "variance", "mutual_information", "image_mutual_information",
            "image_entropy", "max_activation")  # fmt: skip
Column = list[float | None]


@dataclass(frozen=True)
class CaseColumns:
    """Scores and measures of one method, a value (None where there is none) for each case of the report."""

    scores: dict[str, Column]
    measures: dict[str, Column]


def case_columns(source: Scored, ids: list[str]) -> CaseColumns:
    """What ``cases.csv`` has of each case, and the means over classes of what ``structures.csv`` measures of each structure."""
    found = {row["case"]: row for row in source.cases}
    numbers = _columns([found[case_id] for case_id in ids])
    scores = {name: column for name, column in numbers.items() if name in METRICS}
    measures = {name: column for name, column in numbers.items() if name not in METRICS}
    for name, means in _structure_means(source.structures).items():
        measures.setdefault(name, [means.get(case_id) for case_id in ids])
    return CaseColumns(scores, {name: column for name, column in measures.items() if len(set(column) - {None}) > 1})


def _columns(rows: Rows) -> dict[str, Column]:
    columns = {name: [row[name] for row in rows] for name in _numeric(rows)}
    return {name: column for name, column in columns.items() if any(value is not None for value in column)}


def _numeric(rows: Rows) -> list[str]:
    return [name for name in (rows[0] if rows else ()) if not is_text(name)]


def _structure_means(rows: Rows) -> dict[str, dict[str, float]]:
    """By measure and case, over the classes as wholes. Volumes and areas say how large a structure is, not how certain."""
    names = [name for name in _numeric(rows) if name not in METRICS and not is_size(name)]
    gathered: dict[str, dict[str, list[float]]] = {name: {} for name in names}
    for row in rows:
        for name in names:
            if row[name] is not None:
                gathered[name].setdefault(row["case"], []).append(row[name])
    return {name: {case: float(np.mean(v)) for case, v in by_case.items()} for name, by_case in gathered.items()}


@dataclass(frozen=True)
class Cases:
    """The cases that all methods have: their ``ids``, the score that says how good one is, and ``methods`` by name."""

    ids: list[str]
    quality: Metric
    methods: dict[str, CaseColumns]

    @property
    def measures(self) -> list[str]:
        """The measures that any method has, the ones to look at first at the front."""
        found = dict.fromkeys(name for method in self.methods.values() for name in method.measures)
        return sorted(found, key=lambda name: _LEADING.index(name) if name in _LEADING else len(_LEADING))

    @property
    def worst(self) -> list[str]:
        """The ids from the worst to the best, by the mean over the methods."""
        sign = 1 if self.quality.better == "higher" else -1
        return self._ordered([[_signed(v, sign) for v in m.scores[self.quality.name]] for m in self.methods.values()])

    @property
    def least_certain(self) -> list[str]:
        """The ids from the least to the most certain, by the first measure's mean over the methods that have it; empty without."""
        if not self.measures:
            return []
        name = self.measures[0]
        sign = 1 if name in CERTAINTIES else -1
        return self._ordered(
            [[_signed(v, sign) for v in m.measures[name]] for m in self.methods.values() if name in m.measures]
        )

    def _ordered(self, columns: list[list[float]]) -> list[str]:
        table = np.array(columns)
        means = np.nansum(table, 0) / np.maximum((~np.isnan(table)).sum(0), 1)
        means[np.isnan(table).all(0)] = -np.inf  # a case without any value is the first to look at
        return [self.ids[i] for i in np.argsort(means, kind="stable")]

    def to_show(self, count: int) -> list[str]:
        """So many cases, the worst and the least certain in turn."""
        turns = zip(self.worst, self.least_certain or self.worst, strict=True)
        return list(dict.fromkeys(case_id for pair in turns for case_id in pair))[:count]


def _signed(value: float | None, sign: int) -> float:
    return np.nan if value is None else sign * value


def read_cases(sources: Iterable[Scored]) -> Cases:
    """The cases of a report.

    Raises:
        DataError: there is no score that says of all methods' cases how good they are.
    """
    sources = list(sources)
    ids = shared_cases(sources)
    methods = {source.name: case_columns(source, ids) for source in sources}
    shared = [name for name in _QUALITIES if all(name in columns.scores for columns in methods.values())]
    if not shared:
        raise DataError(f"{sources[0].folder / 'cases.csv'}: no case has any of {', '.join(_QUALITIES)}; run tfuq score again")
    quality = shared[0]
    return Cases(ids, METRICS[quality], methods)
