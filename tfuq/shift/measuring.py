"""Measuring perturbed cases: what the tasks share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.cases import Case
from tfuq.data.perturbations import Subject, case_seed, perturb
from tfuq.prediction import Predictor
from tfuq.scoring.failure import Cohort, areas
from tfuq.shift.plan import Plan


@dataclass(frozen=True)
class Measured:
    """A method at a severity: a row for each case, ``scores`` of the set, its cases as a cohort, arrays of the first case for
    figures, and how many wrong voxels have which variation ratio (of segmentation by several samples)."""

    rows: list[dict]
    scores: dict[str, float | None]
    cohort: Cohort
    example: dict[str, np.ndarray]
    wrong_ratios: list[int] | None = None

    @property
    def aurc(self) -> dict[str, float | None]:
        """By measure, of the cases that have it; None without any."""
        found = {}
        for name in self.cohort.confidences:
            items = self.cohort.of(name)
            found[name] = areas(items.confidences[name], items.risk)["aurc"] if len(items.risk) else None
        return found


class Measurer(ABC):
    """Perturbs the cases of a task, predicts them and holds the predictions against the perturbed truth."""

    def __init__(self, predictor: Predictor, plan: Plan):
        self.predictor, self.config, self._plan = predictor, predictor.config, plan

    @abstractmethod
    def subject(self, case: Case) -> Subject:
        """The case with its truth, as the network takes it."""

    @abstractmethod
    def measure(self, cases: list[Case], severity: float, keep: Path | None) -> Measured:
        """Predict the cases at a severity; what is predicted stays in the folder ``keep``."""

    def perturbed(self, case: Case, severity: float) -> Subject:
        """The case at a severity, by the seed of the draws and its own id."""
        seed = case_seed(self.predictor.request.seed, case.id)
        return perturb(self._plan.perturbation, self.subject(case), severity, seed, channel=self._plan.channel or 0)
