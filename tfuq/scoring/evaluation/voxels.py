"""Scores of one case's maps: calibration over voxels, errors found, and numbers of each map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tfuq.data.preprocessing import PADDING
from tfuq.data.readers import read
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.measures.catalogue import MAXIMUM_PROBABILITY, MEASURES
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
from tfuq.scoring.rows import Row

_AGAIN = "remove its folder and predict the case again"
_ROUNDING = 1e-3  # of a map's values


@dataclass(frozen=True, kw_only=True)
class CaseMaps:
    """A predicted case and its reference.

    Voxels of which the reference says nothing count for nothing.

    Attributes:
        label: predicted classes ``[X, Y, Z]``.
        truth: true classes ``[X, Y, Z]``, `PADDING` where nothing is known.
        probability: ``[X, Y, Z, K]``.
        maps: of uncertainty, ``[X, Y, Z]`` by name.
    """

    label: np.ndarray
    truth: np.ndarray
    probability: np.ndarray
    maps: dict[str, np.ndarray]

    @property
    def _classes(self) -> int:
        classes: int = self.probability.shape[-1]
        return classes

    @cached_property
    def known(self) -> np.ndarray | None:
        """Where the reference is known, ``[X, Y, Z]`` bool; None where it is everywhere."""
        is_known: np.ndarray = self.truth != PADDING
        return None if is_known.all() else is_known

    def of_known(self, values: np.ndarray) -> np.ndarray:
        """Values ``[X, Y, Z, …]`` of the voxels whose reference is known, ``[n, …]``."""
        if self.known is None:
            return values.reshape(-1, *values.shape[3:])
        chosen: np.ndarray = values[self.known]
        return chosen

    def mask(self, classes: Sequence[int]) -> np.ndarray:
        """Where the prediction has one of some classes, and the reference is known, ``[X, Y, Z]``.

        Args:
            classes: numbers of the classes.
        """
        mask: np.ndarray = np.isin(self.label, classes)
        return mask if self.known is None else mask & self.known

    def _voxels(self) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities ``[n, K]`` and true classes ``[n]`` of all voxels."""
        return self.of_known(self.probability), self.of_known(self.truth).astype(int)

    def scores(self) -> dict[str, float | None]:
        """Calibration, and AUROC of each map for wrong voxels.

        Calibration is over all voxels, and within two voxels of a boundary of the reference.
        """
        p, y = self._voxels()
        scores: dict[str, float | None] = {**calibration_errors(p, y)}
        band = boundary_band(self.truth, self.known)
        if band.any():
            p_near = self.probability[band]
            y_near = self.truth[band].astype(int)
            scores["nll_boundary"] = negative_log_likelihood(p_near, y_near)
            scores["brier_boundary"] = brier(p_near, y_near)
            scores["ece_boundary"] = expected_calibration_error(p_near, y_near)
        wrong = self.of_known(self.label != self.truth)
        for name, values in self.maps.items():
            scores[f"auroc_{name}"] = error_auroc(self.of_known(values), wrong)
        return scores

    def reliability(self) -> Bins:
        """Voxels by confidence."""
        p, y = self._voxels()
        return confidence_bins(p, y)

    def confidences(self) -> dict[str, float]:
        """Numbers of the image.

        They are the mean of the largest probabilities, and `tfuq.scoring.aggregation.image_level`
        of each map.
        """
        largest = self.of_known(self._largest_probability())
        numbers = {MAXIMUM_PROBABILITY.name: float(largest.mean())}
        for name, values in self.maps.items():
            _, highest = MEASURES[name].bounds(self._classes)
            by_kind = image_level(values, highest, self.known)
            for kind, value in by_kind.items():
                numbers[f"{kind}_{name}"] = value
        return numbers

    def _largest_probability(self) -> np.ndarray:
        largest: np.ndarray = self.probability.max(-1)
        return largest

    def components(self, names: Sequence[str]) -> list[Row]:
        """Connected components of each class, see `tfuq.scoring.aggregation.component_rows`.

        Args:
            names: of all K classes; the first has no components.
        """
        maps = {MAXIMUM_PROBABILITY.name: self._largest_probability(), **self.maps}
        rows = []
        for k, name in enumerate(names[1:], start=1):
            for row in component_rows(self.mask([k]), self.truth == k, maps):
                rows.append({"class": name, **row})
        return rows


def read_maps(
    folder: Path,
    predicted: Volume,
    truth: np.ndarray,
    names: Sequence[str],
    classes: int,
    probability: str = "probability",
) -> CaseMaps:
    """Read a case's probabilities and maps of uncertainty.

    Args:
        folder: of the case.
        predicted: its label map ``[X, Y, Z]``.
        truth: true classes ``[X, Y, Z]``.
        names: of the maps.
        classes: K.
        probability: name of the file of the probabilities.

    Raises:
        DataError: one is not on the label's grid, or holds what it cannot.
    """
    p = read_map(folder / f"{probability}.nii.gz", predicted, 1.0, (classes,))
    most = np.log(classes)
    maps = {name: read_map(folder / f"{name}.nii.gz", predicted, most) for name in names}
    label = predicted.array.astype(np.uint8)
    return CaseMaps(label=label, truth=truth, probability=p, maps=maps)


def read_map(
    path: Path,
    label: Volume,
    top: float,
    channels: tuple[int, ...] = (),
) -> np.ndarray:
    """A map's array.

    Args:
        path: of its file.
        label: whose grid it has to be on.
        top: the largest value that it can have.
        channels: shape of its channels.

    Raises:
        DataError: it is not there, not on the label's grid, has other channels, or values beyond 0
            and ``top``.
    """
    require_map(path)
    volume = read(path)
    is_on_grid = volume.same_grid(label) and volume.array.shape[3:] == channels
    if not is_on_grid or not _is_within(volume.array, top):
        raise DataError(
            f"{path}: is not on the grid of its label, or beyond 0 to {top:.4g}; {_AGAIN}"
        )
    return volume.array


def require_map(path: Path) -> None:
    """Refuse predictions without a map.

    Raises:
        DataError: it is not there.
    """
    if not path.is_file():
        raise DataError(
            f"{path}: this map was not written; "
            "run the same tfuq predict without --maps, which adds it"
        )


def _is_within(values: np.ndarray, top: float) -> bool:
    is_beyond = values.min() < 0 or values.max() > top + _ROUNDING
    return not is_beyond
