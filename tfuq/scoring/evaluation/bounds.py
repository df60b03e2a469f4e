"""Whether conformal bounds and volume intervals of structures held."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.calibration.records import Calibration
from tfuq.data.label_values import class_counts
from tfuq.data.preprocessing import PADDING
from tfuq.data.readers.nifti_blocks import nifti_blocks
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.scoring.coverage import mean_loss, realized
from tfuq.scoring.evaluation.structures import ROUNDING, read_structures
from tfuq.scoring.rows import Row, rows_of, rows_with
from tfuq.scoring.sizes import interval_size, lower_size, upper_size

_AGAIN = "predict again with --overwrite"
_PREDICT_CASE_AGAIN = "remove its folder and predict the case again"


def bound_rows(
    folder: Path,
    truth: Volume,
    classes: list[str],
    structures: Container[str],
) -> list[Row]:
    """By class, what bounds of a case missed, and whether its volume interval held.

    Args:
        folder: of the case.
        truth: its reference, classes ``[X, Y, Z]``, `PADDING` where nothing is known. The true
            volume of such a case is not known, and whether its interval held is None.
        classes: their names, the background first.
        structures: names of classes and regions, which ``structures.csv`` may have.

    Returns:
        Rows of `bound_losses` with ``volume_held``, the interval ``volume_low`` and
        ``volume_high`` (None where the calibration promises none), and ``volume_true`` and
        ``volume_image`` in mm³.

    Raises:
        DataError: a bound is missing, or not on the grid of the truth; the table has half an
            interval.
    """
    volumes = _volume_rows(folder / "structures.csv", truth, classes, structures)
    volume_image = truth.array.size * truth.voxel_volume
    rows = []
    for row in bound_losses(folder, truth.array, classes):
        rows.append({**row, **volumes[row["class"]], "volume_image": volume_image})
    return rows


def _volume_rows(
    path: Path,
    truth: Volume,
    classes: list[str],
    structures: Container[str],
) -> dict[str, Row]:
    """By class, whether the volume interval held, its ends and the true volume."""
    volumes = {}
    for row in rows_of(read_structures(path, structures), "component", "all"):
        name = row["class"]
        if name not in classes:
            continue
        volume = _true_volume(truth, classes.index(name))
        low = row.get("volume_conformal_lower_mm3")
        high = row.get("volume_conformal_upper_mm3")
        if (low is None) != (high is None):
            raise DataError(f"{path}: has no conformal interval of '{name}'; {_PREDICT_CASE_AGAIN}")
        volumes[name] = {
            "volume_held": _is_held(volume, low, high),
            "volume_low": low,
            "volume_high": high,
            "volume_true": volume,
        }
    for name in classes[1:]:
        if name not in volumes:
            raise DataError(f"{path}: has no row of '{name}' as a whole; {_PREDICT_CASE_AGAIN}")
    return volumes


def _true_volume(truth: Volume, number: int) -> float | None:
    """The volume of a class in mm³; None where there may be more of it in voxels to ignore."""
    counts = class_counts(truth.array)
    if counts[PADDING]:
        return None
    return float(counts[number] * truth.voxel_volume)


def _is_held(volume: float | None, low: float | None, high: float | None) -> bool | None:
    if volume is None or low is None or high is None:
        return None
    return low * (1 - ROUNDING) <= volume <= high * (1 + ROUNDING)


def bound_losses(folder: Path, truth: np.ndarray, classes: list[str]) -> list[Row]:
    """By class, what the bounds of a case missed.

    Args:
        folder: of the case.
        truth: true classes ``[X, Y, Z]``, `PADDING` where nothing is known: such voxels count for
            nothing.
        classes: their names, the background first.

    Returns:
        Rows with ``missed``, the share of the true structure that ``label_upper`` misses, and
        ``excess``, the voxels of ``label_lower`` outside it as a share of it, at most 1 (see
        `tfuq.calibration.risk_control.bounding_thresholds`). They have the voxels of both bounds,
        of the true structure (``reference``) and of the ``image``, too.

    Raises:
        DataError: a bound is missing, or not on the grid of the truth.
    """
    counts = class_counts(truth)
    image = truth.size - int(counts[PADDING])
    lower = _read_bound(folder / "label_lower.nii.gz", truth, len(classes))
    upper = _read_bound(folder / "label_upper.nii.gz", truth, len(classes))
    rows = []
    for k, name in enumerate(classes[1:], start=1):
        true = int(counts[k])
        voxels = max(true, 1)
        excess = (lower[k].inside - lower[k].right) / voxels
        rows.append(
            {
                "class": name,
                "missed": (true - upper[k].right) / voxels,
                "excess": min(excess, 1.0),
                "upper": upper[k].inside,
                "lower": lower[k].inside,
                "reference": true,
                "image": image,
            }
        )
    return rows


@dataclass
class _Bound:
    """A bound of a structure, at the voxels whose reference is known.

    Attributes:
        inside: how many voxels it has.
        right: how many of them are of the structure.
    """

    inside: int = 0
    right: int = 0


def _read_bound(path: Path, truth: np.ndarray, classes: int) -> dict[int, _Bound]:
    """How many voxels a bound has, by the number of the class.

    Args:
        path: of the file.
        truth: true classes ``[X, Y, Z]``.
        classes: K.
    """
    file = nifti_blocks(path)
    if (*file.grid.shape, math.prod(file.channels)) != (*truth.shape, classes - 1):
        raise DataError(
            f"{path}: is not on the grid of its label, or has other channels than classes; {_AGAIN}"
        )
    flat = truth.ravel(order="F")
    bounds = {k: _Bound() for k in range(1, classes)}
    for block in file.blocks():
        of_truth = flat[block.place]
        of_inside = of_truth[block.values > 0]
        bound = bounds[block.channel + 1]
        bound.inside += int(np.count_nonzero(of_inside != PADDING))
        bound.right += int(np.count_nonzero(of_inside == block.channel + 1))
    return bounds


def kept_bounds(rows: Sequence[Row], calibration: Calibration) -> dict[str, dict[str, Row]]:
    """Whether promises about structures were kept.

    Args:
        rows: those of `bound_rows`.
        calibration: what the promises were made of.

    Returns:
        By class: mean losses over cases, and how often the volume interval holds the true volume
        (left out where no case's is known, or none was promised), each with the size of what was
        promised (see `tfuq.scoring.sizes`).

    Raises:
        DataError: a case lacks an interval that the calibration promises.
    """
    names = calibration.conformal.bounds
    for name in calibration.conformal.volumes:
        if not all(row["volume_low"] is not None for row in rows_of(rows, "class", name)):
            raise DataError(f"structures.csv has no conformal interval of '{name}'; {_AGAIN}")
    return {name: _kept_bounds(rows_of(rows, "class", name), calibration) for name in names}


def _kept_bounds(rows: Sequence[Row], calibration: Calibration) -> dict[str, Row]:
    alpha = calibration.conformal.alpha
    cases = len(calibration.cases)
    columns = _columns(rows)
    upper = upper_size(columns["upper"], columns["reference"], columns["image"])
    lower = lower_size(columns["lower"], columns["reference"])
    kept = {
        "missed_by_upper": mean_loss(columns["missed"], alpha, cases) | upper,
        "excess_of_lower": mean_loss(columns["excess"], alpha, cases) | lower,
    }
    whole = rows_with(rows, "volume_held")
    if whole:
        columns = _columns(whole)
        interval = interval_size(
            columns["volume_low"],
            columns["volume_high"],
            columns["volume_true"],
            columns["volume_image"],
        )
        kept["volume"] = realized(columns["volume_held"], 1 - alpha, cases) | interval
    return kept


def _columns(rows: Sequence[Row]) -> dict[str, np.ndarray]:
    columns = {}
    for name in rows[0]:
        if name != "class":
            columns[name] = np.array([row[name] for row in rows])
    return columns
