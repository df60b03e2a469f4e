"""Perturbed pictures: what those with a class and those with landmarks share, and classes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

import numpy as np

from tfuq.calibration.observed import WHOLE, Observed, part_of
from tfuq.data.cases import Case, read_case_image
from tfuq.data.perturbations import Subject
from tfuq.data.sets.classification import class_of
from tfuq.data.volume import Volume
from tfuq.data.writers import make_folder, write_csv
from tfuq.prediction.tables import TablePredictor
from tfuq.runs.results import PREDICTIONS
from tfuq.scoring.classification import class_scores
from tfuq.scoring.evaluation.cohorts import classification_cohort, unsigned
from tfuq.tasks.records import ClassStatistics, S
from tfuq.workflows.shift.measuring import Measured, Measurer, Row, case_ids, quality_rows
from tfuq.workflows.shift.plan import Plan

_SCORES = ("accuracy", "nll", "brier", "ece")
Tables = dict[str, list[Row]]


@dataclass(frozen=True, kw_only=True)
class PerturbedPictures(Generic[S]):
    """Pictures at a severity, and what was predicted of them.

    Attributes:
        cases: The cases, in the order of all else.
        subjects: The perturbed pictures with their landmarks, where they have any.
        tables: The rows that ``tfuq predict`` writes of them, by file name.
        statistics: Those of the samples that the rows are made of.
    """

    cases: list[Case]
    subjects: list[Subject]
    tables: Tables
    statistics: S


def size_of(picture: Volume) -> tuple[int, int, int]:
    """Rows, columns and 1."""
    rows, columns, planes = picture.shape
    return rows, columns, planes


class PictureMeasurer(Measurer, Generic[S]):
    """Measures pictures.

    Cases are small on the network's grid, so they stay in memory from one severity to the next.
    """

    predictor: TablePredictor[S]

    def __init__(self, predictor: TablePredictor[S], plan: Plan) -> None:
        super().__init__(predictor, plan)
        self._subjects: dict[str, Subject] = {}
        self.sizes: dict[str, tuple[int, int, int]] = {}

    @property
    def _patch_size(self) -> tuple[int, int]:
        rows, columns = self.config.network.patch_size
        return rows, columns

    def subject(self, case: Case) -> Subject:
        """The picture on the network's grid with its landmarks, where the task has any."""
        if case.id not in self._subjects:
            image = read_case_image(case)
            self.sizes[case.id] = size_of(image)
            grid = self.predictor.network_grid(case, image)
            self._subjects[case.id] = Subject(grid, points=self._points(case, image))
        return self._subjects[case.id]

    def _points(self, case: Case, image: Volume) -> np.ndarray | None:
        """Landmarks in the network's pixels, where the task has any."""
        return None

    def measure(self, cases: list[Case], severity: float, predictions: Path | None) -> Measured:
        """Predict all pictures together and compare them with the truth."""
        subjects = [self.perturbed(case, severity) for case in cases]
        images = [subject.image.array[:, :, 0] for subject in subjects]
        statistics = self.predictor.draw(np.stack(images))
        tables = self.predictor.tables(cases, list(map(self._empty_image, cases)), statistics)
        if predictions:
            make_folder(predictions)
            for name, rows in tables.items():
                write_csv(predictions / name, rows)
        return self._compare(
            PerturbedPictures(cases=cases, subjects=subjects, tables=tables, statistics=statistics)
        )

    def _empty_image(self, case: Case) -> Volume:
        """A stand-in for the image as given, of which tables need the size alone."""
        return Volume(np.empty((*self.sizes[case.id], 0)), np.eye(4))

    @abstractmethod
    def _compare(self, pictures: PerturbedPictures[S]) -> Measured:
        """Compare predictions with the truth."""


class ClassMeasurer(PictureMeasurer[ClassStatistics]):
    """Measures classification."""

    def _compare(self, pictures: PerturbedPictures[ClassStatistics]) -> Measured:
        statistics = pictures.statistics
        probability = statistics.probability
        truth = np.array([class_of(self.config, case) for case in pictures.cases])
        wrong = probability.argmax(1) != truth
        ids = case_ids(pictures.cases)
        cohort = classification_cohort(ids, probability, wrong, self._uncertainties(statistics))
        scores = class_scores(probability, truth)
        accuracies = (~wrong).astype(int).tolist()
        return Measured(
            rows=quality_rows(ids, "accuracy", accuracies, unsigned(cohort)),
            scores={name: scores[name] for name in _SCORES},
            cohort=cohort,
            example={
                "image": pictures.subjects[0].image.array[:, :, 0],
                "probability": probability[0],
                "votes": self._first_votes(statistics),
                "truth": truth[:1],
            },
            observed=_observed(pictures.tables[PREDICTIONS]),
        )

    def _uncertainties(self, statistics: ClassStatistics) -> dict[str, np.ndarray]:
        measures = statistics.maps(self.predictor.maps)
        return {name: values.astype(float) for name, values in measures.items()}

    def _first_votes(self, statistics: ClassStatistics) -> np.ndarray:
        """Shares of the samples by class, or the probabilities of a single sample."""
        shares = statistics.probability
        if self.predictor.samples > 1:
            shares = statistics.votes
        first: np.ndarray = shares[0]
        return first


def _observed(rows: list[Row]) -> list[Observed]:
    """The pictures, as a review reads them."""
    observed = []
    for row in rows:
        observed.append(Observed(case=row["case"], parts=[part_of(WHOLE, row, "image")]))
    return observed
