"""A row of scores for each member of an ensemble, and one for all members together.

They are scores of the labels that ``tfuq predict --save-members`` lets a member give by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.runs.results import Manifest
from tfuq.scoring.classification import class_scores
from tfuq.scoring.evaluation.case_rows import OVERLAPS, mean_rows, overlap_rows
from tfuq.scoring.evaluation.voxels import CaseMaps
from tfuq.scoring.rows import Row, grouped, mean_of_column, rows_with

_TOGETHER = "all"  # in the place of a member's number


def member_rows(
    case: Case,
    labels: Sequence[np.ndarray],
    by_reference: Sequence[CaseMaps],
    config: Config,
) -> list[Row]:
    """Scores of a case of volumes by each member: its structures, and "all" as a class.

    Args:
        case: its id counts.
        labels: each member's, ``[X, Y, Z]``.
        by_reference: the case with each of its references, over which scores are means.
        config: of the run.
    """
    rows = []
    for member, label in enumerate(labels):
        tables = []
        for maps in by_reference:
            tables.append(overlap_rows(case, replace(maps, label=label), config))
        for row in mean_rows(tables):
            rows.append({"member": member, **row})
    return rows


def means_of_members(members: Sequence[Row], cases: Sequence[Row]) -> list[Row]:
    """Means over cases by member and class, and last those of all members together.

    Args:
        members: rows of `member_rows` of every case.
        cases: rows of ``cases.csv``, which have the same scores.

    Returns:
        The rows; none where no member's predictions were kept.
    """
    if not members:
        return []
    together = [{**row, "member": _TOGETHER} for row in cases]
    means = []
    for member, of_member in grouped([*members, *together], "member").items():
        for name, of_class in grouped(of_member, "class").items():
            row: Row = {"member": member, "class": name, "cases": len(of_class)}
            for score in OVERLAPS:
                if rows_with(of_class, score):
                    row[score] = mean_of_column(of_class, score)
            means.append(row)
    return means


def image_rows(by_member: np.ndarray, together: np.ndarray, y: np.ndarray) -> list[Row]:
    """Scores of all images by each member, and last by all together.

    Args:
        by_member: the members' probabilities ``[M, n, K]``.
        together: those of all members, ``[n, K]``.
        y: true classes ``[n]``.
    """
    rows: list[Row] = []
    for member, p in enumerate(by_member):
        rows.append({"member": member, "cases": len(y), **class_scores(p, y)})
    rows.append({"member": _TOGETHER, "cases": len(y), **class_scores(together, y)})
    return rows


def enter_members(
    rows: list[Row], manifest: Manifest, summary: Row, tables: dict[str, list[Row]]
) -> None:
    """Add the rows of members to a summary and to tables.

    Args:
        rows: of members; none where their predictions were not kept.
        manifest: of the predictions. Where several members predicted each case, the summary says
            that none is scored.
        summary: of the scores.
        tables: rows by name.
    """
    if rows:
        tables["members"] = rows
    if rows or (len(manifest.weights_digest) > 1 and not manifest.is_out_of_fold):
        summary["member_scores"] = rows
