"""Perturbed pictures with landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfuq.calibration.observed import Observed, part_of
from tfuq.data.cases import Case
from tfuq.data.sets.landmarks import pixel_mm, reference_points, rescale_points
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import LANDMARKS_IN_MM, OF_LANDMARKS, names_of
from tfuq.runs.results import LANDMARKS
from tfuq.scoring.evaluation.cohorts import landmark_cohorts
from tfuq.scoring.evaluation.failures import FailureOptions
from tfuq.scoring.landmarks import FAILURE_MM, radial_errors
from tfuq.scoring.shift import mean_present
from tfuq.tasks.records import LandmarkStatistics
from tfuq.workflows.shift.measuring import Measured, Row, case_ids, quality_rows
from tfuq.workflows.shift.pictures import PerturbedPictures, PictureMeasurer

_EDGE = 0.5  # pixels from the centre of the first pixel to the edge of the image
LandmarkRows = dict[tuple[str, str], Row]  # by case and landmark


class LandmarkMeasurer(PictureMeasurer[LandmarkStatistics]):
    """Measures landmarks. One that a perturbation moves out of its image is missing there."""

    def _points(self, case: Case, image: Volume) -> np.ndarray:
        rows, columns = image.shape[:2]
        size = (rows, columns)
        return rescale_points(reference_points(self.config, case, size), size, self._patch_size)

    def _compare(self, pictures: PerturbedPictures[LandmarkStatistics]) -> Measured:
        rows = {(row["case"], row["landmark"]): row for row in pictures.tables[LANDMARKS]}
        ids = case_ids(pictures.cases)
        measures = self._uncertainties(ids, rows, names_of(OF_LANDMARKS))
        in_mm = self._uncertainties(ids, rows, names_of(LANDMARKS_IN_MM))
        case_means = {name: _case_means(values) for name, values in (measures | in_mm).items()}
        errors, unit = self._errors(pictures, rows)
        limit = None
        if unit == "mm":
            limit = FAILURE_MM
        by_case, _ = landmark_cohorts(ids, errors, measures, FailureOptions(), limit)
        quality = f"radial_error_{unit}"
        mean_errors = list(map(mean_present, errors))
        return Measured(
            rows=quality_rows(ids, quality, mean_errors, case_means),
            # As over a test set, every landmark counts alike, whatever its image.
            scores={quality: mean_present(errors.ravel())},
            cohort=by_case,
            example={
                "image": pictures.subjects[0].image.array[:, :, 0],
                "points": _inside(pictures.subjects[0].present_points, self._patch_size),
                "found": pictures.statistics.landmarks[0][..., :2],
            },
            observed=[self._observed(case_id, rows) for case_id in ids],
        )

    def _observed(self, case_id: str, rows: LandmarkRows) -> Observed:
        """A picture with its landmarks, as a review reads them."""
        parts = []
        for name in self.config.data.landmarks:
            parts.append(part_of(name, rows[case_id, name], "landmark"))
        return Observed(case=case_id, parts=parts)

    def _uncertainties(
        self, ids: list[str], rows: LandmarkRows, names: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Those of the measures that any landmark has, ``[n, L]``, NaN where there is none."""
        measures = {}
        for name in names:
            values = np.array([self._values(case_id, rows, name) for case_id in ids], float)
            if not np.isnan(values).all():
                measures[name] = values
        return measures

    def _values(self, case_id: str, rows: LandmarkRows, name: str) -> list[float | None]:
        return [rows[case_id, landmark].get(name) for landmark in self.config.data.landmarks]

    def _errors(
        self,
        pictures: PerturbedPictures[LandmarkStatistics],
        by_landmark: LandmarkRows,
    ) -> tuple[np.ndarray, str]:
        """Radial errors ``[n, L]`` and their unit: mm, or px of the images as given."""
        errors = []
        unit = "px"
        for case, subject in zip(pictures.cases, pictures.subjects, strict=True):
            rows, columns, _ = self.sizes[case.id]
            size = (rows, columns)
            inside = _inside(subject.present_points, self._patch_size)
            truth = rescale_points(inside, self._patch_size, size)
            unit, scale = self._unit(size)
            errors.append(radial_errors(self._predicted(case.id, by_landmark), truth, scale))
        return np.array(errors), unit

    def _unit(self, size: tuple[int, int]) -> tuple[str, float | np.ndarray]:
        """The unit of errors in images of a size, and its length of a pixel."""
        scale = pixel_mm(self.config, size)
        if scale is None:
            return "px", 1.0
        return "mm", scale

    def _predicted(self, case_id: str, rows: LandmarkRows) -> np.ndarray:
        """Predicted positions ``[L, 2]`` (x, y) in pixels of the image as given."""
        positions = []
        for landmark in self.config.data.landmarks:
            row = rows[case_id, landmark]
            positions.append([row["x"], row["y"]])
        return np.array(positions)


def _case_means(values: np.ndarray) -> list[float]:
    """Means over the landmarks of each case."""
    return [case_values.mean() for case_values in values]


def _inside(points: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """The points, NaN where they are outside an image of ``size`` (rows, columns)."""
    far_edges = np.array(size[::-1]) - _EDGE
    is_outside = np.any((points < -_EDGE) | (points > far_edges), axis=-1)
    return np.where(is_outside[:, None], np.nan, points)
