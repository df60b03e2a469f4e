"""Measuring perturbed cases: what the tasks share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfuq.calibration.observed import Observed
from tfuq.data.cases import Case
from tfuq.data.perturbations import Subject, case_seed, perturb
from tfuq.prediction import AnyPredictor
from tfuq.scoring.areas import areas
from tfuq.scoring.failure import Cohort
from tfuq.workflows.shift.plan import Plan

Row = dict[str, Any]  # of a table: text, numbers, or None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured of a method at a severity.

    Attributes:
        rows: A row for each case.
        scores: The scores of the whole set by name, None where there is none.
        cohort: The cases with their risks and confidences.
        example: Arrays of the first case, for figures.
        wrong_ratios: How many wrong voxels have which variation ratio, in equal bins from 0 to 1.
            None unless several samples of a segmentation were measured.
        observed: The cases with the measures of each structure, by which a review refers them.
    """

    rows: list[Row]
    scores: dict[str, float | None]
    cohort: Cohort
    example: dict[str, np.ndarray]
    wrong_ratios: list[int] | None = None
    observed: Sequence[Observed] = ()

    @property
    def aurc(self) -> dict[str, float | None]:
        """The area under the risk-coverage curve by measure; None where no case has the measure."""
        return {name: _aurc(self.cohort, name) for name in self.cohort.confidences}


def _aurc(cohort: Cohort, measure: str) -> float | None:
    items = cohort.of(measure)
    if not len(items.risk):
        return None
    return areas(items.confidences[measure], items.risk)["aurc"]


class Measurer(ABC):
    """Perturbs the cases of a task, predicts them, and compares with the perturbed truth."""

    def __init__(self, predictor: AnyPredictor, plan: Plan) -> None:
        self.predictor = predictor
        self.config = predictor.config
        self._plan = plan

    @abstractmethod
    def subject(self, case: Case) -> Subject:
        """The case with its truth, as the network takes it."""

    @abstractmethod
    def measure(self, cases: list[Case], severity: float, predictions: Path | None) -> Measured:
        """Predict the cases at a severity.

        Args:
            cases: The cases, unperturbed.
            severity: In the unit of the perturbation.
            predictions: The folder to write predictions to; None to write none.
        """

    def perturbed(self, case: Case, severity: float) -> Subject:
        """The case at a severity; its seed is made of the seed of the samples and its id."""
        return perturb(
            self._plan.perturbation,
            self.subject(case),
            severity,
            case_seed(self.predictor.request.seed, case.id),
            channel=self._plan.channel or 0,
        )


def case_ids(cases: Iterable[Case]) -> list[str]:
    """The ids of cases."""
    return [case.id for case in cases]


def quality_rows(
    ids: Sequence[str],
    quality: str,
    values: Sequence[float | None],
    measures: Mapping[str, Sequence[float] | np.ndarray],
) -> list[Row]:
    """Make a row for each case.

    Args:
        ids: The ids of n cases.
        quality: The name of the quality.
        values: The quality of each case.
        measures: n values of each measure of uncertainty, by name.
    """
    rows = []
    for index, (case_id, value) in enumerate(zip(ids, values, strict=True)):
        row: Row = {"case": case_id, quality: value}
        for name, uncertainties in measures.items():
            row[name] = uncertainties[index]
        rows.append(row)
    return rows
