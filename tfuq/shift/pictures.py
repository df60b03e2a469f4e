"""Perturbed pictures: those with a class, and those with landmarks."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from tfuq.data.cases import Case, read_case_image
from tfuq.data.classification import class_of
from tfuq.data.landmarks import pixel_mm, reference_points, rescale_points
from tfuq.data.perturbations import Subject
from tfuq.data.volume import Volume
from tfuq.data.writers import make_folder, write_csv
from tfuq.prediction.predictor import Drawn
from tfuq.results import LANDMARKS
from tfuq.scoring.classification import class_scores
from tfuq.scoring.evaluation.failures import FailureOptions, classification_cohort, landmark_cohorts, unsigned
from tfuq.scoring.evaluation.landmarks import MEASURES as LANDMARK_MEASURES
from tfuq.scoring.landmarks import FAILURE_MM, radial_errors
from tfuq.scoring.metrics import MEASURES
from tfuq.scoring.shift import mean_present
from tfuq.shift.measuring import Measured, Measurer

_SCORES = ("accuracy", "nll", "brier", "ece")


class PictureMeasurer(Measurer):
    """Cases are small on the network's grid, so they stay in memory from one severity to the next."""

    def __init__(self, predictor, plan):
        super().__init__(predictor, plan)
        self._subjects: dict[str, Subject] = {}
        self.sizes: dict[str, tuple[int, int, int]] = {}

    def subject(self, case):
        if case.id not in self._subjects:
            image = read_case_image(case)
            self.sizes[case.id] = image.shape
            self._subjects[case.id] = Subject(self.predictor.network_grid(case, image), points=self._points(case, image))
        return self._subjects[case.id]

    def _points(self, case: Case, image: Volume) -> np.ndarray | None:
        """Landmarks in the network's pixels, where the task has any."""
        return None

    def measure(self, cases, severity, keep):
        subjects = [self.perturbed(case, severity) for case in cases]
        drawn = self.predictor.draw(np.stack([subject.image.array[:, :, 0] for subject in subjects]))
        grids = [Volume(np.empty((*self.sizes[case.id], 0)), np.eye(4)) for case in cases]  # their sizes alone matter
        tables = self.predictor.tables(cases, grids, drawn)
        if keep:
            make_folder(keep)
            for name, rows in tables.items():
                write_csv(keep / name, rows)
        return self._held_against(cases, subjects, tables, drawn)

    @abstractmethod
    def _held_against(self, cases: list[Case], subjects: list[Subject], tables: dict, drawn: Drawn) -> Measured:
        """Predictions held against the truth."""


class ClassMeasurer(PictureMeasurer):
    """Classification."""

    def _held_against(self, cases, subjects, tables, drawn):
        p, y = drawn["probability"], np.array([class_of(self.config, case) for case in cases])
        wrong = p.argmax(1) != y
        measures = {name: drawn[name].astype(float) for name in MEASURES if name in self.predictor.maps}
        cohort = classification_cohort([case.id for case in cases], p, wrong, measures)
        scores = class_scores(p, y)
        rows = [
            {"case": case.id, "accuracy": int(not wrong[i])} | {name: values[i] for name, values in unsigned(cohort).items()}
            for i, case in enumerate(cases)
        ]
        votes = drawn["votes"][0] if self.predictor.samples > 1 else p[0]
        example = {"image": subjects[0].image.array[:, :, 0], "probability": p[0], "votes": votes, "truth": y[:1]}
        return Measured(rows, {name: scores[name] for name in _SCORES}, cohort, example)


class LandmarkMeasurer(PictureMeasurer):
    """Landmarks; one that a perturbation moves out of its image is missing there."""

    def _points(self, case, image):
        size = image.shape[:2]
        return rescale_points(reference_points(self.config, case, size), size, tuple(self.config.network.patch_size))

    def _held_against(self, cases, subjects, tables, drawn):
        names, patch = self.config.data.landmarks, tuple(self.config.network.patch_size)
        rows = {(row["case"], row["landmark"]): row for row in tables[LANDMARKS]}
        measures = {
            name: np.array([[rows[case.id, mark].get(name) for mark in names] for case in cases], float)
            for name in LANDMARK_MEASURES
        }
        errors, unit = self._errors(cases, subjects, rows)
        limit = FAILURE_MM if unit == "mm" else None
        has = {name: values for name, values in measures.items() if not np.isnan(values).all()}
        cohort = landmark_cohorts([case.id for case in cases], errors, has, FailureOptions(), limit)[0]
        quality = f"radial_error_{unit}"
        each = [
            {"case": case.id, quality: mean_present(errors[i]), **{name: values[i].mean() for name, values in has.items()}}
            for i, case in enumerate(cases)
        ]
        found = drawn["landmarks"][0][..., :2]
        example = {"image": subjects[0].image.array[:, :, 0], "points": _inside(subjects[0].points, patch), "found": found}
        # As over a test set, every landmark counts alike, whatever its image.
        return Measured(each, {quality: mean_present(errors.ravel())}, cohort, example)

    def _errors(self, cases: list[Case], subjects: list[Subject], rows: dict) -> tuple[np.ndarray, str]:
        """Radial errors ``[n, L]`` in mm, or in pixels of the images as given, and which of the two."""
        patch, errors, mm = tuple(self.config.network.patch_size), [], None
        for case, subject in zip(cases, subjects, strict=True):
            size = self.sizes[case.id][:2]
            truth = rescale_points(_inside(subject.points, patch), patch, size)
            mm = pixel_mm(self.config, size)
            predicted = np.array([[rows[case.id, mark][axis] for axis in ("x", "y")] for mark in self.config.data.landmarks])
            errors.append(radial_errors(predicted, truth, 1.0 if mm is None else mm))
        return np.array(errors), "px" if mm is None else "mm"


def _inside(points: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """The points, NaN where they are not within an image of so many rows and columns."""
    outside = ((points < -0.5) | (points > np.array(size[::-1]) - 0.5)).any(-1)
    return np.where(outside[:, None], np.nan, points)
