"""Landmark regression: a row per image and landmark, in pixels of the image as it was given and in mm."""

from __future__ import annotations

import numpy as np

from tfuq.data.cases import Case
from tfuq.data.landmarks import pixel_mm, rescale_points, stretch
from tfuq.data.volume import Volume
from tfuq.measures.landmark import landmark_measures
from tfuq.prediction.predictor import Drawn
from tfuq.prediction.tables import TablePredictor, Tables
from tfuq.results import LANDMARKS, SAMPLES
from tfuq.scoring.conformal import landmark_scale


class LandmarkPredictor(TablePredictor):
    """``landmarks.csv``: `tfuq.measures.landmark` of each landmark; ``samples.csv``: where each sample found it."""

    @property
    def rows_per_case(self) -> dict[str, int]:
        landmarks = len(self.config.data.landmarks)
        return {LANDMARKS: landmarks, SAMPLES: landmarks * self.samples}

    def rows(self, case: Case, image: Volume, drawn: Drawn) -> Tables:
        size = image.shape[:2]
        found = drawn["landmarks"].astype(float)  # [T, L, 3], or 4 with the logarithm of a variance
        patch = tuple(self.config.network.patch_size)
        points = rescale_points(found[..., :2], patch, size)
        variances = np.exp(found[..., 3:]) * stretch(patch, size) ** 2 if found.shape[-1] == 4 else None
        mm = pixel_mm(self.config, size)
        landmarks, samples = [], []
        for k, name in enumerate(self.config.data.landmarks):
            head = {"case": case.id, "landmark": name}
            predicted = None if variances is None else variances[:, k]
            landmarks.append(self._with_radius(head | landmark_measures(points[:, k], found[:, k, 2], mm, predicted)))
            samples += [
                head | {"sample": t, "x": float(x), "y": float(y), "activation": float(a)}
                for t, ((x, y), a) in enumerate(zip(points[:, k], found[:, k, 2], strict=True))
            ]
        return {LANDMARKS: landmarks, SAMPLES: samples}

    def _with_radius(self, row: dict) -> dict:
        """The row with the conformal radius about its mean position, in mm where it has mm."""
        if self.calibration is None:
            return row
        radius = self.calibration.conformal.radii[row["landmark"]] * landmark_scale(row)
        return row | {"conformal_radius_mm" if "x_mm" in row else "conformal_radius": radius}
