"""Calibration of landmarks: radii about them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tfuq.calibration import conformal
from tfuq.calibration.observed import part_of
from tfuq.calibration.quality_kinds import RADIAL_ERROR
from tfuq.calibration.records import Conformal
from tfuq.data.cases import Case
from tfuq.data.sets.landmarks import image_diagonal, pixel_mm, reference_points
from tfuq.data.volume import Volume
from tfuq.prediction import Request
from tfuq.runs import Run
from tfuq.runs.results import LANDMARKS
from tfuq.scoring.landmarks import FAILURE_MM, radial_errors
from tfuq.scoring.rows import none_if_nan
from tfuq.scoring.sizes import Size, radius_size
from tfuq.tasks.records import LandmarkStatistics
from tfuq.workflows.calibrate.fit import TASK_FITS, Arrays, Choices, TableFit


@dataclass(kw_only=True)
class _Landmark:
    """What is gathered of a landmark, in mm or in pixels.

    Attributes:
        scores: errors in units of the scale, of each image that has the landmark.
        scales: what errors are measured in, of each image.
        diagonals: of each image.
    """

    scores: list[float] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)
    diagonals: list[float] = field(default_factory=list)

    def size(self, quantile: float) -> Size:
        """The size of the radii that a quantile makes."""
        scales = np.array(self.scales)
        diagonals = np.array(self.diagonals)
        return radius_size(quantile * scales, diagonals)


@TASK_FITS.register("landmarks")
class LandmarkFit(TableFit[LandmarkStatistics]):
    """See `tfuq.workflows.calibrate.fit.Fit`."""

    quality = RADIAL_ERROR

    def __init__(self, run: Run, request: Request, choices: Choices) -> None:
        """Begin with no case; arguments as in `tfuq.workflows.calibrate.fit.Fit`."""
        super().__init__(run, request, choices)
        self._has_mm = False
        self._landmarks = {name: _Landmark() for name in self.config.data.landmarks}

    def add(self, cases: list[Case], images: list[Volume], statistics: LandmarkStatistics) -> None:
        """Gather the errors of the predicted landmarks."""
        for number, (case, image) in enumerate(zip(cases, images, strict=True)):
            self._add_case(case, image, statistics.example(number))

    def _add_case(self, case: Case, image: Volume, statistics: LandmarkStatistics) -> None:
        size = image.shape[:2]
        rows = self.predictor.rows(case, image, statistics)[LANDMARKS]
        truth = reference_points(self.config, case, size)
        mm = pixel_mm(self.config, size)
        positions = [(row["x"], row["y"]) for row in rows]
        errors = radial_errors(np.array(positions), truth, _or_one(mm))
        diagonal = image_diagonal(size, mm)
        self._has_mm = mm is not None
        parts = []
        for row, error in zip(rows, errors, strict=True):
            parts.append(part_of(row["landmark"], row, "landmark", quality=none_if_nan(error)))
        self.observe(case, self.unlike_training(image), parts)
        for row, error in zip(rows, errors, strict=True):
            landmark = self._landmarks[row["landmark"]]
            scale = conformal.landmark_scale(row)
            landmark.scales.append(scale)
            landmark.diagonals.append(diagonal)
            if not np.isnan(error):
                landmark.scores.append(float(error / scale))

    def stored(self) -> Arrays:
        """See `tfuq.workflows.calibrate.fit.Fit`."""
        arrays = {"has_mm": np.array(self._has_mm)}
        for number, landmark in enumerate(self._landmarks.values()):
            for name, values in vars(landmark).items():
                arrays[f"{name}_{number}"] = np.array(values, np.float64)
        return arrays

    def add_stored(self, arrays: Arrays) -> None:
        """See `tfuq.workflows.calibrate.fit.Fit`."""
        self._has_mm = bool(arrays["has_mm"])
        for number, landmark in enumerate(self._landmarks.values()):
            for name, values in vars(landmark).items():
                values.extend(arrays[f"{name}_{number}"].tolist())

    @property
    def unit(self) -> str:
        """Millimetres where the size of a pixel is known."""
        if self._has_mm:
            return "mm"
        return "pixel"

    @property
    def limit(self) -> float | None:
        """The limit that scores take; none of errors in pixels."""
        if self._has_mm:
            return FAILURE_MM
        return None

    def thresholds(self) -> Conformal:
        """Quantiles of the errors, by landmark."""
        radii = {}
        counts = {}
        for name, landmark in self._landmarks.items():
            scores = np.array(landmark.scores)
            radii[name] = conformal.conformal_quantile(scores, self.alpha)
            counts[name] = len(scores)
        sizes = {}
        for name, landmark in self._landmarks.items():
            sizes[name] = {"radius": landmark.size(radii[name])}
        return Conformal(alpha=self.alpha, radii=radii, radii_cases=counts, sizes=sizes)


def _or_one(mm: np.ndarray | None) -> np.ndarray | float:
    """Millimetres of a pixel, or 1 that leaves pixels."""
    if mm is None:
        return 1.0
    return mm
