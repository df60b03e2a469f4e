"""Predicted landmarks with their references, and how far they are from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case, read_case_image
from tfuq.data.sets.landmarks import image_diagonal, pixel_mm, reference_points
from tfuq.scoring.evaluation.landmark_table import PredictedLandmarks
from tfuq.scoring.landmarks import radial_errors

Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class ComparedLandmarks:
    """Predicted landmarks with their references.

    Attributes:
        predicted: n cases with L landmarks.
        truth: positions ``[n, L, 2]`` in pixels, NaN where a landmark is missing.
        sizes: of the images, by id.
        scale: width and height of a pixel in mm of each image; None where it is not known.
        pixels: radial errors ``[n, L]`` in pixels.
        mm: radial errors ``[n, L]`` in mm; None where the size of a pixel is not known.
    """

    predicted: PredictedLandmarks
    truth: np.ndarray
    sizes: dict[str, Size]
    scale: list[np.ndarray | None]
    pixels: np.ndarray
    mm: np.ndarray | None

    @property
    def in_mm(self) -> bool:
        """Whether errors are in mm, and not in pixels."""
        return self.mm is not None

    @property
    def errors(self) -> np.ndarray:
        """Radial errors ``[n, L]`` in mm, or else in pixels."""
        if self.mm is not None:
            return self.mm
        return self.pixels

    def diagonals(self) -> np.ndarray:
        """Diagonals of the images ``[n]``, in the unit of the errors."""
        diagonals = []
        for case_id, mm_per_pixel in zip(self.predicted.ids, self.scale, strict=True):
            diagonals.append(image_diagonal(self.sizes[case_id], mm_per_pixel))
        return np.array(diagonals)


def compare_landmarks(
    config: Config,
    predicted: PredictedLandmarks,
    cases: dict[str, Case],
) -> ComparedLandmarks:
    """Compare predicted landmarks with their references.

    Args:
        config: of the run.
        predicted: of n cases.
        cases: with their references, by id.

    Raises:
        DataError: a case without landmarks, or with others.
    """
    sizes = {case_id: read_case_image(case).shape[:2] for case_id, case in cases.items()}
    truth = []
    scale = []
    for case_id in predicted.ids:
        truth.append(reference_points(config, cases[case_id], sizes[case_id]))
    for case_id in predicted.ids:
        scale.append(pixel_mm(config, sizes[case_id]))
    mm = None
    known = [factors for factors in scale if factors is not None]
    if known:  # of all images or of none
        mm = _errors(predicted.positions, truth, known)
    return ComparedLandmarks(
        predicted=predicted,
        truth=np.array(truth),
        sizes=sizes,
        scale=scale,
        pixels=_errors(predicted.positions, truth, [1.0] * len(truth)),
        mm=mm,
    )


def _errors(
    positions: np.ndarray,
    truth: list[np.ndarray],
    scale: Sequence[np.ndarray | float],
) -> np.ndarray:
    """Radial errors ``[n, L]``, of one image after another."""
    errors = []
    for found, true, factors in zip(positions, truth, scale, strict=True):
        errors.append(radial_errors(found, true, factors))
    return np.array(errors)
