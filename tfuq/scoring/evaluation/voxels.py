"""Scores of one case's maps: calibration over voxels, errors found, and numbers made of each map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.readers import read
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.scoring.aggregation import boundary_band, component_rows, image_level
from tfuq.scoring.calibration import (
    Bins,
    brier,
    calibration_errors,
    confidence_bins,
    error_auroc,
    expected_calibration_error,
    negative_log_likelihood,
)
from tfuq.scoring.metrics import highest

_AGAIN = "remove its folder and predict the case again"


@dataclass(frozen=True)
class CaseMaps:
    """A predicted case and its reference: label and truth ``[X, Y, Z]``, probabilities ``[X, Y, Z, K]``, maps by name."""

    label: np.ndarray
    truth: np.ndarray
    probability: np.ndarray
    maps: dict[str, np.ndarray]

    @property
    def _classes(self) -> int:
        return self.probability.shape[-1]

    def _flat(self, where: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        p, y = self.probability, self.truth
        chosen = (p.reshape(-1, self._classes), y.ravel()) if where is None else (p[where], y[where])
        return chosen[0], chosen[1].astype(int)

    def scores(self) -> dict[str, float | None]:
        """Calibration over all voxels and within two of a boundary of the reference, and AUROC of each map for wrong voxels."""
        scores: dict = dict(calibration_errors(*self._flat()))
        band = boundary_band(self.truth)
        if band.any():
            near = self._flat(band)
            scores |= {"nll_boundary": negative_log_likelihood(*near), "brier_boundary": brier(*near)}
            scores["ece_boundary"] = expected_calibration_error(*near)
        wrong = (self.label != self.truth).ravel()
        return scores | {f"auroc_{name}": error_auroc(values.ravel(), wrong) for name, values in self.maps.items()}

    def reliability(self) -> Bins:
        """Voxels by confidence."""
        return confidence_bins(*self._flat())

    def confidences(self) -> dict[str, float]:
        """Numbers of the image: mean of the largest probabilities, and `tfuq.scoring.aggregation.image_level` of each map."""
        found = {"maximum_probability": float(self.probability.max(-1).mean())}
        for name, values in self.maps.items():
            found |= {f"{how}_{name}": value for how, value in image_level(values, highest(name, self._classes)).items()}
        return found

    def components(self, names: Sequence[str]) -> list[dict]:
        """Connected components of each class that ``names`` has, see `tfuq.scoring.aggregation.component_rows`."""
        maps = {"maximum_probability": self.probability.max(-1), **self.maps}
        return [
            {"class": name, **row}
            for k, name in enumerate(names[1:], start=1)
            for row in component_rows(self.label == k, self.truth == k, maps)
        ]


def read_maps(
    folder: Path,
    predicted: Volume,
    truth: np.ndarray,
    names: Sequence[str],
    classes: int,
    probability: str = "probability",
) -> CaseMaps:
    """Read a case's probabilities and the maps of these names.

    Raises:
        DataError: one is not on the label's grid, or holds what it cannot.
    """
    p = read_map(folder / f"{probability}.nii.gz", predicted, 1.0, (classes,))
    maps = {name: read_map(folder / f"{name}.nii.gz", predicted, np.log(classes)) for name in names}
    return CaseMaps(predicted.array.astype(np.uint8), truth, p, maps)


def read_map(path: Path, label: Volume, top: float, channels: tuple[int, ...] = ()) -> np.ndarray:
    """A map's array.

    Raises:
        DataError: it is not on the label's grid, has other channels, or values beyond 0 and ``top``.
    """
    volume = read(path)
    is_on_grid = volume.same_grid(label) and volume.array.shape[3:] == channels
    if not is_on_grid or volume.array.min() < 0 or volume.array.max() > top + 1e-3:
        raise DataError(f"{path}: is not on the grid of its label, or beyond 0 to {top:.4g}; {_AGAIN}")
    return volume.array
