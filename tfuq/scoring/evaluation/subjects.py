"""Scores by subject, where several scans are of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tfuq.data.shares import subject_of
from tfuq.scoring.bootstrap import bounds, cluster_interval
from tfuq.scoring.evaluation.scores import Scores, meaning
from tfuq.scoring.metrics import METRICS
from tfuq.scoring.rows import Row, column, column_names, grouped, mean_of_column, rows_with

SUBJECT = "subject"  # the column of a case's subject


def enter_subjects(scores: Scores, pattern: str | None) -> None:
    """Add each case's subject, the means of each subject, and means over subjects.

    A subject counts alike, however many scans it has. A case whose id has no subject is a subject
    of its own, as scans from elsewhere may be. Intervals of what finds failures are then over
    subjects, too.

    Args:
        scores: of the predictions. The rows of cases get a column; ``subjects.csv`` has a row for
            each subject and class, and the summary ``by_subject``.
        pattern: ``data.split.subject``; None changes nothing.
    """
    if pattern is None:
        return
    for row in scores.cases:
        row[SUBJECT] = _subject(row["case"], pattern)
    for number, cohort in enumerate(scores.cohorts):
        subjects = np.array([_subject(case, pattern) for case in cohort.cases.tolist()])
        scores.cohorts[number] = replace(cohort, cases=subjects)
    rows = subject_rows(scores.cases)
    scores.tables["subjects"] = rows
    by_class = grouped(rows, "class")
    scores.summary["by_subject"] = {
        name: over_subjects(of_class) for name, of_class in by_class.items()
    }


def clustered(rows: Sequence[Row], pattern: str | None) -> list[Row]:
    """Rows in which the subject stands for the case, so that intervals resample subjects.

    Args:
        rows: with a ``case``.
        pattern: ``data.split.subject``; None leaves the cases.
    """
    if pattern is None:
        return list(rows)
    return [{**row, "case": _subject(row["case"], pattern)} for row in rows]


def _subject(case: str, pattern: str) -> str:
    return subject_of(case, pattern) or case


def subject_rows(cases: Sequence[Row]) -> list[Row]:
    """A row for each subject and class, with the means of metrics over its scans.

    Args:
        cases: rows of ``cases.csv`` with their subject.
    """
    names = [name for name in column_names(cases) if name in METRICS]
    rows = []
    for subject, of_subject in grouped(cases, SUBJECT).items():
        for class_name, scans in grouped(of_subject, "class").items():
            row: Row = {SUBJECT: subject, "class": class_name, "scans": len(scans)}
            rows.append(row | {name: mean_of_column(scans, name) for name in names})
    return rows


def over_subjects(rows: Sequence[Row]) -> Mapping[str, Row]:
    """The mean of every metric over subjects, with its 95 % interval over resampled subjects.

    Args:
        rows: of `subject_rows`, of one class.

    Returns:
        By metric ``mean``, ``lower``, ``upper``, ``n`` subjects that have it, and what it is.
    """
    table = {}
    for name in METRICS:
        present = rows_with(rows, name)
        if not present:
            continue
        values = np.array(column(present, name))
        interval = cluster_interval(_Mean(values), np.array(column(present, SUBJECT)))
        table[name] = {
            "mean": float(values.mean()),
            **bounds(interval),
            "n": len(values),
            **meaning(name),
        }
    return table


class _Mean:
    """The mean of values over bootstrap samples."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def __call__(self, times: np.ndarray) -> np.ndarray:
        means: np.ndarray = times @ self._values / times.sum(1)
        return means
