"""Landmark regression: a row per image and landmark.

Positions are in pixels of the image as it was given, and in mm where the width of a pixel is known.
"""

from __future__ import annotations

import numpy as np

from tfuq.calibration.conformal import landmark_scale
from tfuq.data.cases import Case
from tfuq.data.sets.landmarks import pixel_mm, rescale_points, stretch
from tfuq.data.volume import Volume
from tfuq.measures.landmark import landmark_measures
from tfuq.prediction.predictor import PREDICTORS
from tfuq.prediction.records import LandmarkStatistics
from tfuq.prediction.statistics import Row
from tfuq.prediction.tables import TablePredictor, Tables
from tfuq.runs.results import LANDMARKS, SAMPLES


@PREDICTORS.register("landmarks")
class LandmarkPredictor(TablePredictor[LandmarkStatistics]):
    """Predicts the positions of landmarks.

    ``landmarks.csv`` has the measures of `tfuq.measures.landmark` of each landmark. ``samples.csv``
    has the position of each landmark in each sample.
    """

    keeps_members = False
    record = LandmarkStatistics

    @property
    def rows_per_case(self) -> dict[str, int]:
        """The number of a case's rows by table."""
        landmarks = len(self.config.data.landmarks)
        return {LANDMARKS: landmarks, SAMPLES: landmarks * self.samples}

    def rows(self, case: Case, image: Volume, statistics: LandmarkStatistics) -> Tables:
        """See `TablePredictor.rows`."""
        size = image.shape[:2]
        rows, columns = self.config.network.patch_size
        patch = (rows, columns)
        samples = statistics.landmarks.astype(float)  # [T, L, 3], or 4 with a log variance
        points = rescale_points(samples[..., :2], patch, size)
        activations = samples[..., 2]
        variances = None
        if samples.shape[-1] == 4:
            variances = np.exp(samples[..., 3:]) * stretch(patch, size) ** 2
        mm = pixel_mm(self.config, size)
        tables: Tables = {LANDMARKS: [], SAMPLES: []}
        for k, name in enumerate(self.config.data.landmarks):
            head = {"case": case.id, "landmark": name}
            predicted_variances = None
            if variances is not None:
                predicted_variances = variances[:, k]
            measures = landmark_measures(points[:, k], activations[:, k], mm, predicted_variances)
            tables[LANDMARKS].append(self._with_radius(head | measures))
            tables[SAMPLES] += _sample_rows(head, points[:, k], activations[:, k])
        return tables

    def _with_radius(self, row: Row) -> Row:
        """The row with the conformal radius about its mean position, in mm where it has mm."""
        if self.calibration is None:
            return row
        radius = self.calibration.conformal.radii[row["landmark"]] * landmark_scale(row)
        if "x_mm" in row:
            return row | {"conformal_radius_mm": radius}
        return row | {"conformal_radius": radius}


def _sample_rows(head: Row, points: np.ndarray, activations: np.ndarray) -> list[Row]:
    """Rows of one landmark's samples.

    Args:
        head: The columns that they share.
        points: ``[T, 2]`` in pixels.
        activations: ``[T]``, the maxima of the heatmaps.
    """
    rows = []
    for t, ((x, y), activation) in enumerate(zip(points, activations, strict=True)):
        position = {"sample": t, "x": float(x), "y": float(y)}
        rows.append(head | position | {"activation": float(activation)})
    return rows
