"""Methods side by side over the same cases: scores, paired differences, and uncertainty."""

from __future__ import annotations

from pathlib import Path

from tfuq.errors import DataError
from tfuq.scoring.comparison.best import differences_from_best, supported_best
from tfuq.scoring.comparison.cells import Cell, Scored, cells_of
from tfuq.scoring.comparison.folders import (
    distinct_names,
    lesions_of,
    method_names,
    method_of,
    missing_of,
    read_scores,
    require_distinct,
    require_same_data,
    samples_of,
    shared_members,
)
from tfuq.scoring.comparison.lesions import lesions_side_by_side
from tfuq.scoring.comparison.measures import comparable_means, measures_side_by_side
from tfuq.scoring.comparison.table import Comparison
from tfuq.scoring.comparison.texts import (
    BOLD,
    DIFFERENCES,
    UNBIASED,
    difference_text,
    heading,
    unit_of,
)
from tfuq.scoring.evaluation.scores import require_one_scoring
from tfuq.scoring.metrics import METRICS, Metric

__all__ = [
    "BOLD",
    "DIFFERENCES",
    "UNBIASED",
    "Cell",
    "Comparison",
    "comparable_means",
    "compare",
    "difference_text",
    "differences_from_best",
    "distinct_names",
    "heading",
    "lesions_side_by_side",
    "measures_side_by_side",
    "method_names",
    "method_of",
    "require_distinct",
    "require_same_data",
    "shared_members",
    "supported_best",
    "unit_of",
]


def compare(folders: list[Path], class_name: str = "all") -> Comparison:
    """Compare score folders over the cases that all of them have.

    Args:
        folders: of scores, two or more.
        class_name: a class or a landmark, or "all".

    Raises:
        DataError: fewer than two folders, one that is given twice or is no scores, a class that is
            not there, no case in common, or cases of one name that were scored against different
            references.
    """
    if len(folders) < 2:
        raise DataError(
            "a comparison needs two score folders or more; "
            "name those of the methods to set side by side"
        )
    by_method = method_names(folders)
    scored = {method: read_scores(folder, class_name) for method, folder in by_method.items()}
    require_same_data(folders)
    cases = _shared_cases(folders, scored)
    samples = {method: samples_of(folder) for method, folder in by_method.items()}
    is_one_count = len(set(samples.values())) == 1
    cells = {}
    left_out = []
    for score, metric in METRICS.items():
        if not _every_method_has(score, scored, cases):
            continue
        if metric.depends_on_samples and not is_one_count:
            left_out.append(score)
            continue
        cells[score] = _cells(metric, scored, cases)
    measures = measures_side_by_side(by_method, class_name, cases)
    summaries = {method: lesions_of(folder) for method, folder in by_method.items()}
    detection = lesions_side_by_side(by_method, summaries, class_name, cases)
    for folder in folders:
        require_one_scoring(folder, ("*.csv",))  # last, so that it holds of all that was read
    return Comparison(
        methods=list(scored),
        cases=cases,
        cells=cells,
        samples=samples,
        measures=measures,
        left_out=left_out,
        shared_members=shared_members(by_method),
        missing=missing_of(by_method),
        detection=detection,
    )


def _shared_cases(folders: list[Path], scored: dict[str, Scored]) -> list[str]:
    """The cases that every method has, in order."""
    shared = set.intersection(*map(set, scored.values()))
    if not shared:
        paths = ", ".join(map(str, folders))
        raise DataError(f"{paths}: have no case in common; compare methods on the same data")
    return sorted(shared)


def _every_method_has(score: str, scored: dict[str, Scored], cases: list[str]) -> bool:
    """Whether every method has the score of at least one case."""
    for by_case in scored.values():
        if all(by_case[case].get(score) is None for case in cases):
            return False
    return True


def _cells(metric: Metric, scored: dict[str, Scored], cases: list[str]) -> dict[str, Cell]:
    values = {}
    for method, by_case in scored.items():
        values[method] = [by_case[case].get(metric.name) for case in cases]
    return cells_of(values, metric.better)
