"""Does uncertainty rise with a perturbation's severity? Tables over methods and severities.

Severity counts by its size: a turn of −30° is as severe as one of 30°. The same cases stand at
every severity, so intervals resample cases with all that they have at every severity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tfuq.measures.catalogue import LANDMARKS_IN_MM, MEASURES, names_of
from tfuq.measures.sample_size import unbiased
from tfuq.scoring.association import auroc_interval
from tfuq.scoring.bootstrap import bounds
from tfuq.scoring.classification import ood_scores
from tfuq.scoring.rows import Row, column_names

CLEAN = 0.0
_NOT_RANKED = names_of(LANDMARKS_IN_MM)  # as they say the same as those in pixels


@dataclass(frozen=True, kw_only=True)
class Severity:
    """What was measured of a method at a severity.

    Cases are in the same order at every severity.

    Attributes:
        method: that drew the samples.
        samples: T.
        severity: in the unit of the perturbation.
        cases: n.
        scores: of the whole set, by name.
        aurc: the area under the risk-coverage curve, by measure.
        measures: every case's, ``[n]`` by name; NaN where a case has none.
        qualities: every case's, ``[n]`` by name: those of the scores that are means over cases.
    """

    method: str
    samples: int
    severity: float
    cases: int
    scores: dict[str, float | None]
    aurc: dict[str, float | None]
    measures: dict[str, np.ndarray]
    qualities: dict[str, np.ndarray] = field(default_factory=dict)

    def of_cases(self, name: str) -> np.ndarray | None:
        """A measure or quality of every case, ``[n]``; None where there is none of that name."""
        values = self.measures.get(name)
        if values is None:
            values = self.qualities.get(name)
        return values


def shift_rows(measured: Sequence[Severity]) -> list[Row]:
    """A row for each method and severity.

    It has scores, the mean of every measure over cases, and by measure ``aurc_…`` and
    ``ood_auroc_…``: how well the measure tells the perturbed cases from the same cases as they are,
    with an interval (None without severity 0). Means are without the bias of a small T
    (`tfuq.measures.sample_size.unbiased`).
    """
    clean = {}
    for severity in measured:
        if severity.severity == CLEAN:
            clean[severity.method] = severity
    quantities = list(map(_quantities, measured))
    areas = list(map(_areas, measured))
    detections = [_detections(severity, clean.get(severity.method)) for severity in measured]
    names = [*column_names(quantities), *column_names(areas), *column_names(detections)]
    rows = []
    for parts in zip(quantities, areas, detections, strict=True):
        row = parts[0] | parts[1] | parts[2]
        rows.append({name: row.get(name) for name in names})
    return rows


def _quantities(measured: Severity) -> Row:
    """What was measured, and the mean of every measure."""
    row: Row = {
        "method": measured.method,
        "samples": measured.samples,
        "severity": measured.severity,
        "cases": measured.cases,
    }
    means = {name: mean_present(values) for name, values in measured.measures.items()}
    row |= measured.scores
    row |= unbiased(means, measured.samples)
    return row


def _areas(measured: Severity) -> Row:
    return {f"aurc_{name}": value for name, value in measured.aurc.items()}


def _detections(measured: Severity, clean: Severity | None) -> Row:
    """How well each measure tells the cases from the clean ones; nothing of the clean ones."""
    row: Row = {}
    if clean is None or clean is measured:
        return row
    for name, values in measured.measures.items():
        if name in clean.measures and name not in _NOT_RANKED:
            row |= _ood_auroc(name, clean.measures[name], values)
    return row


def _ood_auroc(name: str, clean: np.ndarray, perturbed: np.ndarray) -> dict[str, float | None]:
    """AUROC of a measure for perturbed cases against the clean ones, ``[n]`` each.

    It has an interval over cases.
    """
    column = f"ood_auroc_{name}"
    clean = MEASURES[name].uncertainty(clean)
    perturbed = MEASURES[name].uncertainty(perturbed)
    clean_cases = np.flatnonzero(~np.isnan(clean))
    perturbed_cases = np.flatnonzero(~np.isnan(perturbed))
    inside = clean[clean_cases]
    outside = perturbed[perturbed_cases]
    auroc = ood_scores(inside, outside)["auroc"]
    interval = None
    if auroc is not None:
        values = np.concatenate([inside, outside])
        is_outside = np.repeat([False, True], [len(inside), len(outside)])
        cases = np.concatenate([clean_cases, perturbed_cases])
        interval = auroc_interval(values, is_outside, cases)
    return {column: auroc, **bounds(interval, f"{column}_")}


def mean_present(values: np.ndarray) -> float | None:
    """Mean of what is not NaN; None without any."""
    present = values[~np.isnan(values)]
    if not present.size:
        return None
    return float(present.mean())
