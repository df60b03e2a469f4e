"""Detection of lesions by several methods, over the cases that all of them have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfuq.data.json_csv import number, read_table
from tfuq.scoring.bootstrap import bounds
from tfuq.scoring.evaluation.lesion_summary import lesion_summary
from tfuq.scoring.evaluation.scores import AGAIN
from tfuq.scoring.lesion_structures import told_of
from tfuq.scoring.rows import Row

SCORES = {  # and what lines of tables call them
    "sensitivity": "sensitivity",
    "false_positives_per_scan": "false positives a scan",
    "lesion_f1": "F1",
}
NOTE = (
    "Of lesions, 95 % intervals are over resampled cases. A lesion is found where a predicted "
    "component overlaps it as --lesion-iou asks."
)
_COUNTS = ("lesions", "found", "false_positives", "duplicates")
Detection = dict[str, dict[str, Row]]  # scores by structure and method


def lesions_side_by_side(
    folders: Mapping[str, Path],
    summaries: Mapping[str, Mapping[str, Any]],
    class_name: str,
    cases: Sequence[str],
) -> Detection:
    """Scores of detection of the lesions that every method is told of.

    They are left out where methods were scored with another least IoU of a found lesion.

    Args:
        folders: Of scores, by method.
        summaries: What their ``summary.json`` says, by method.
        class_name: A structure, or "all" for every one.
        cases: The cases that all methods have.

    Returns:
        As `tfuq.scoring.evaluation.lesion_summary.lesion_summary` has them, by structure and
        method.

    Raises:
        RunError: A table is damaged.
    """
    if len({summary.get("lesion_iou") for summary in summaries.values()}) > 1:
        return {}
    shared = [set(told_of(summary)) for summary in summaries.values()]
    names = [
        name for name in told_of(next(iter(summaries.values()))) if class_name in ("all", name)
    ]
    names = [name for name in names if all(name in of_method for of_method in shared)]
    if not names:
        return {}
    by_method = {method: _detection(folder, set(cases)) for method, folder in folders.items()}
    return {
        name: {method: scores[name] for method, scores in by_method.items()}
        for name in names
        if all(name in scores for scores in by_method.values())
    }


def _detection(folder: Path, cases: set[str]) -> dict[str, Row]:
    """Scores of detection of a folder over some of its cases, by structure."""
    path = folder / "detection.csv"
    counts = []
    for row in read_table(path, ("case", "class", *_COUNTS), AGAIN):
        if row["case"] in cases:
            numbers = {name: int(number(path, row, name, AGAIN) or 0) for name in _COUNTS}
            counts.append({"case": row["case"], "class": row["class"], **numbers})
    return lesion_summary(counts, _lesions(folder / "lesions.csv", counts))


def _lesions(path: Path, counts: Sequence[Row]) -> list[Row]:
    """The rows of lesions of the cases that are counted; scans without any leave no table."""
    if not sum(row["lesions"] for row in counts):
        return []
    cases = {row["case"] for row in counts}
    lesions = []
    for row in read_table(path, ("case", "class", "detected", "iou"), AGAIN):
        if row["case"] in cases:
            scores = {name: number(path, row, name, AGAIN) for name in ("detected", "iou")}
            lesions.append({"case": row["case"], "class": row["class"], **scores})
    return lesions


def detection_text(scores: Row, name: str) -> str:
    """A score of detection with its interval; a dash where it is not defined."""
    if scores[name] is None:
        return "–"
    text = f"{scores[name]:.3f}"
    low = scores[f"{name}_lower"]
    high = scores[f"{name}_upper"]
    if low is not None:
        text += f" ({low:.3f} to {high:.3f})"
    return text


def found_text(scores: Row) -> str:
    """How many lesions are found, such as "12 of 15"."""
    return f"{scores['found']} of {scores['lesions']}"


def columns(detection: Mapping[str, Mapping[str, Row]], method: str) -> Row:
    """The columns of a method in ``comparison.csv``."""
    row: Row = {}
    for structure, by_method in detection.items():
        scores = by_method[method]
        row[f"lesions_{structure}"] = scores["lesions"]
        row[f"found_{structure}"] = scores["found"]
        for name in SCORES:
            row[f"{name}_{structure}"] = scores[name]
            row |= bounds(_ends(scores, name), f"{name}_{structure}_")
    return row


def _ends(scores: Row, name: str) -> list[float] | None:
    low = scores[f"{name}_lower"]
    if low is None:
        return None
    return [low, scores[f"{name}_upper"]]
