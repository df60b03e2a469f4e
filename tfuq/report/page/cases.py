"""Each case as a whole: scores, measures of uncertainty, and which cases to look at first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tfuq.data.json_csv import is_text
from tfuq.errors import DataError
from tfuq.measures.catalogue import MEASURES, is_ranked
from tfuq.report.page.source import Rows, Source, by_name
from tfuq.report.page.sources import shared_cases
from tfuq.scoring.metrics import METRICS, Metric
from tfuq.scoring.rows import column, rows_with

_QUALITIES = ("dice", "accuracy", "radial_error_mm", "radial_error_px")
_LEADING = (
    "pairwise_dice",
    "predictive_entropy",
    "variance",
    "mutual_information",
    "image_mutual_information",
    "image_entropy",
    "max_activation",
)
Column = list[float | None]


@dataclass(frozen=True, kw_only=True)
class CaseColumns:
    """Scores and measures of one method.

    Attributes:
        scores: A value (None where there is none) for each case of the report, by score.
        measures: Likewise by measure of uncertainty; only those that vary over the cases.
    """

    scores: dict[str, Column]
    measures: dict[str, Column]


def case_columns(source: Source, ids: list[str]) -> CaseColumns:
    """Gather the scores and measures of each case.

    They are those in ``cases.csv``. Measures of structures in ``structures.csv`` are averaged over
    the classes.

    Args:
        source: The score folder of a method.
        ids: The cases of the report.
    """
    rows_by_case = {row["case"]: row for row in source.cases}
    scores: dict[str, Column] = {}
    measures: dict[str, Column] = {}
    for name, values in _columns([rows_by_case[case_id] for case_id in ids]).items():
        if name in METRICS:
            scores[name] = values
        elif name in MEASURES:
            measures[name] = values
    for name, means in _structure_means(source.structures).items():
        measures.setdefault(name, list(map(means.get, ids)))
    varying = {name: values for name, values in measures.items() if _varies(values)}
    return CaseColumns(scores=scores, measures=varying)


def _columns(rows: Rows) -> dict[str, Column]:
    """Columns of numbers that are not empty."""
    columns = {}
    for name in _numeric(rows):
        if rows_with(rows, name):
            columns[name] = column(rows, name)
    return columns


def _numeric(rows: Rows) -> list[str]:
    if not rows:
        return []
    return [name for name in rows[0] if not is_text(name)]


def _varies(values: Column) -> bool:
    return len(set(values) - {None}) > 1


def _structure_means(rows: Rows) -> dict[str, dict[str, float]]:
    """Means over the classes as wholes, by measure and case."""
    means: dict[str, dict[str, float]] = {}
    for name in _numeric(rows):
        if _is_of_structures(name):
            means[name] = _means_by_case(rows, name)
    return means


def _is_of_structures(name: str) -> bool:
    """Whether a column is a measure of uncertainty: neither a score, nor a volume or an area."""
    return is_ranked(name, "structure") or is_ranked(name, "image")


def _means_by_case(rows: Rows, name: str) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for row in rows_with(rows, name):
        values.setdefault(row["case"], []).append(row[name])
    return {case_id: float(np.mean(numbers)) for case_id, numbers in values.items()}


@dataclass(frozen=True, kw_only=True)
class Cases:
    """The cases that all methods have.

    Attributes:
        ids: Their ids.
        quality: The score that says how good the prediction of a case is; None where a method is
            not scored.
        methods: Scores and measures by method.
    """

    ids: list[str]
    quality: Metric | None
    methods: dict[str, CaseColumns]

    @property
    def measures(self) -> list[str]:
        """The measures that any method has, the ones to look at first at the front."""
        names: dict[str, None] = {}
        for method in self.methods.values():
            names |= dict.fromkeys(method.measures)
        return sorted(names, key=_rank)

    @property
    def worst(self) -> list[str]:
        """The ids from the worst to the best by the methods' mean; empty without scores."""
        if self.quality is None:
            return []
        sign = -1
        if self.quality.better == "higher":
            sign = 1
        columns = [method.scores[self.quality.name] for method in self.methods.values()]
        return self._ordered(columns, sign)

    @property
    def least_certain(self) -> list[str]:
        """The ids from the least to the most certain; empty where no measure varies.

        The order is that of the first measure's mean over the methods that have it.
        """
        if not self.measures:
            return []
        name = self.measures[0]
        sign = -1
        if MEASURES[name].orientation == "more certain":
            sign = 1
        columns = []
        for method in self.methods.values():
            if name in method.measures:
                columns.append(method.measures[name])
        return self._ordered(columns, sign)

    def _ordered(self, columns: list[Column], sign: int) -> list[str]:
        """The ids by ``sign`` times the mean over the columns, in ascending order."""
        table = sign * np.array(columns, float)
        is_missing = np.isnan(table)
        means = np.nansum(table, 0) / np.maximum((~is_missing).sum(0), 1)
        means[is_missing.all(0)] = -np.inf  # a case without any value is the first to look at
        return [self.ids[index] for index in np.argsort(means, kind="stable")]

    def to_show(self, count: int) -> list[str]:
        """Choose ``count`` cases, the worst and the least certain in turn."""
        chosen: dict[str, None] = {}
        orders = [order for order in (self.worst, self.least_certain) if order]
        for ids in zip(*orders or [self.ids], strict=True):
            chosen |= dict.fromkeys(ids)
        return list(chosen)[:count]


def _rank(measure: str) -> int:
    """The position of a measure among those to look at first; behind them for any other."""
    if measure in _LEADING:
        return _LEADING.index(measure)
    return len(_LEADING)


def read_cases(sources: Iterable[Source]) -> Cases:
    """Read the cases of a report.

    Raises:
        DataError: There is no score that says of all methods' cases how good they are.
    """
    sources = list(sources)
    ids = shared_cases(sources)
    methods = by_name(sources, lambda source: case_columns(source, ids))
    if not all(source.has_scores for source in sources):
        return Cases(ids=ids, quality=None, methods=methods)
    for quality in _QUALITIES:
        if all(quality in columns.scores for columns in methods.values()):
            return Cases(ids=ids, quality=METRICS[quality], methods=methods)
    path = sources[0].folder / "cases.csv"
    raise DataError(f"{path}: no case has any of {', '.join(_QUALITIES)}; run tfuq score again")
