"""Scores of training, validation and test cases apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfuq.runs.results import Manifest
from tfuq.scoring.evaluation.scores import Scores, score_table
from tfuq.scoring.evaluation.structures import spearman_with_dice
from tfuq.scoring.rows import Row, grouped, rows_of

SPLIT = "split"  # the column of the part of the split that a case belongs to


def enter_splits(scores: Scores, manifest: Manifest, split: Mapping[str, Sequence[str]]) -> None:
    """Add the part of the split of each case, and the scores of each part.

    Predictions of test cases alone, or of given scans, stay as they are.

    Args:
        scores: of the predictions. The rows of cases get a column, and the summary the means and
            correlations of each part, as it has them of all cases.
        manifest: of the predictions.
        split: ids of cases by part, of the run.
    """
    if manifest.split in (None, "test"):
        return
    parts = {case_id: part for part, ids in split.items() for case_id in ids}
    for row in scores.cases:
        row[SPLIT] = parts.get(row["case"])
    by_split = {}
    for part, rows in grouped(scores.cases, SPLIT).items():
        if part is not None:
            by_class = grouped(rows, "class")
            by_split[part] = {name: score_table(of_class) for name, of_class in by_class.items()}
    scores.summary["by_split"] = by_split
    if "spearman_with_dice" in scores.summary:
        scores.summary["spearman_by_split"] = _correlations(scores, parts, list(by_split))


def _correlations(
    scores: Scores, parts: Mapping[str, str], names: Sequence[str]
) -> dict[str, dict[str, dict[str, Row]]]:
    """Correlations of measures with Dice by part and structure."""
    tables: dict[str, dict[str, dict[str, Row]]] = {}
    whole = rows_of(scores.tables["structures"], "component", "all")
    for part in names:
        of_part = [row for row in whole if parts.get(row["case"]) == part]
        by_class = grouped(of_part, "class")
        tables[part] = {name: spearman_with_dice(rows) for name, rows in by_class.items()}
    return tables
