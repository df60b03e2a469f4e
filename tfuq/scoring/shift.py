"""Does uncertainty rise with a perturbation's severity? Tables over methods and severities.

Severity counts by its size: a turn of −30° is as severe as one of 30°.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.scoring.classification import ood_scores
from tfuq.scoring.evaluation.failures import CERTAINTIES
from tfuq.scoring.landmarks import correlations

CLEAN = 0.0
_FIXED = ("method", "severity", "cases")


@dataclass(frozen=True)
class Severity:
    """What was measured of a method at a severity: ``scores`` and ``aurc`` of the whole set by name, and every case's
    ``measures [n]`` by name, NaN where a case has none."""

    method: str
    severity: float
    cases: int
    scores: dict[str, float | None]
    aurc: dict[str, float | None]
    measures: dict[str, np.ndarray]


def shift_rows(measured: Sequence[Severity]) -> list[dict]:
    """A row for each method and severity: scores, the mean of every measure over cases, and by measure ``aurc_…`` and
    ``ood_auroc_…``, how well it tells the perturbed cases from the same cases as they are (None without severity 0)."""
    clean = {found.method: found for found in measured if found.severity == CLEAN}
    rows = [_row(found, clean.get(found.method)) for found in measured]
    columns = dict.fromkeys(name for row in rows for name in row)  # methods of one sample come without many
    ordered = sorted(columns, key=lambda name: (name.startswith("ood_"), name.startswith("aurc_")))
    return [{name: row.get(name) for name in ordered} for row in rows]


def _row(found: Severity, clean: Severity | None) -> dict:
    row: dict = {"method": found.method, "severity": found.severity, "cases": found.cases, **found.scores}
    row |= {name: mean_present(values) for name, values in found.measures.items()}
    row |= {f"aurc_{name}": value for name, value in found.aurc.items()}
    if clean is None or clean is found:
        return row
    return row | {f"ood_auroc_{name}": _told_apart(name, clean, found) for name in found.measures if name in clean.measures}


def _told_apart(name: str, clean: Severity, found: Severity) -> float | None:
    sign = -1 if name in CERTAINTIES else 1
    inside, outside = (sign * values[~np.isnan(values)] for values in (clean.measures[name], found.measures[name]))
    return ood_scores(inside, outside)["auroc"]


def mean_present(values: np.ndarray) -> float | None:
    """Mean of what is not NaN; None without any."""
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else None


def correlation_rows(rows: Sequence[dict]) -> list[dict]:
    """Spearman's and Pearson's correlation of the size of the severity with each score and mean measure of `shift_rows`, a row
    for each method and quantity; None where fewer than three severities have it, or all have the same."""
    found = []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        size = np.abs([row["severity"] for row in own])
        for name in dict.fromkeys(name for row in own for name in row if is_quantity(name)):
            values = np.array([row.get(name) for row in own], float)
            table = correlations(values, size)
            found.append(
                {
                    "method": method,
                    "quantity": name,
                    "spearman": table["spearman"]["rho"],
                    "spearman_p": table["spearman"]["p"],
                    "pearson": table["pearson"]["r"],
                    "pearson_p": table["pearson"]["p"],
                    "severities": table["spearman"]["n"],
                }
            )
    return found


def is_quantity(name: str) -> bool:
    """Whether a column of `shift_rows` is a score or a measure, not one made of several severities or of both."""
    return name not in _FIXED and not name.startswith(("aurc_", "ood_auroc_"))
