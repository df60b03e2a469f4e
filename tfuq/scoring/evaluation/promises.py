"""Whether the promises of a calibrated predictions folder were kept, on cases that it was not calibrated on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tfuq.calibrations import Calibration, calibration_of
from tfuq.data.readers import read
from tfuq.errors import DataError
from tfuq.results import SET_SEPARATOR, Manifest
from tfuq.scoring import conformal
from tfuq.scoring.sizes import interval_size, lower_size, radius_size, set_size, upper_size

_AGAIN = "predict again with --overwrite"


def checked_calibration(manifest: Manifest) -> Calibration | None:
    """The calibration that the predictions were made with; None without one.

    Raises:
        DataError: a predicted case is one of its own. RunError: see `tfuq.calibrations.calibration_of`.
    """
    calibration = calibration_of(manifest)
    for case_id in manifest.cases if calibration else ():
        if case_id in calibration.cases and _same_files(calibration.cases[case_id], manifest.cases[case_id].images):
            raise DataError(f"case '{case_id}': is a calibration case, on which a promise cannot be checked; predict others")
    return calibration


def _same_files(calibrated: list[str], predicted: list[str]) -> bool:
    return [file.split("#")[0] for file in calibrated] == predicted


def summary_head(calibration: Calibration) -> dict:
    """What was calibrated on what."""
    scaling = calibration.scaling
    return {
        "source": calibration.source,
        "caveat": calibration.caveat,
        "calibration_cases": len(calibration.cases),
        "alpha": calibration.conformal.alpha,
        "scaling": scaling and {"kind": scaling.kind, "weights": scaling.weights, "bias": scaling.bias},
    }


def kept_sets(rows: list[dict], y: np.ndarray, classes: list[str], calibration: Calibration) -> dict[str, dict]:
    """By rule: how often the set of a row of ``predictions.csv`` has the true class (its number in ``y``), and the sets' size.

    Raises:
        DataError: a set holds something else than classes.
    """
    table = {}
    for rule in calibration.conformal.sets:
        sets = [_parsed(row.get(f"set_{rule}"), classes) for row in rows]
        members = np.array([[name in chosen for name in classes] for chosen in sets])
        held = members[np.arange(len(y)), y]
        kept = conformal.realized(held, 1 - calibration.conformal.alpha, len(calibration.cases))
        table[rule] = kept | set_size(members)
    return table


def _parsed(text: str | None, classes: list[str]) -> set[str]:
    chosen = set(text.split(SET_SEPARATOR)) if text else set()
    if text is None or not chosen <= set(classes):
        raise DataError(f"predictions.csv: the conformal set {text!r:.80} does not hold classes of the run; {_AGAIN}")
    return chosen


def bound_losses(folder: Path, truth: np.ndarray, classes: list[str]) -> list[dict]:
    """Of a case's folder, by class: the share of the true structure that ``label_upper`` misses, and the voxels of
    ``label_lower`` outside it as a share of it, at most 1 (see `tfuq.scoring.conformal.bounding_thresholds`), with the voxels of
    both bounds, of the true structure (``reference``) and of the ``image``.

    Raises:
        DataError: a bound is missing, or not on the grid of the truth.
    """
    bounds = {}
    for side in ("lower", "upper"):
        path = folder / f"label_{side}.nii.gz"
        array = read(path).array
        array = array if array.ndim == 4 else array[..., None]
        if array.shape != (*truth.shape, len(classes) - 1):
            raise DataError(f"{path}: is not on the grid of its label, or has other channels than classes; {_AGAIN}")
        bounds[side] = array > 0
    rows = []
    for k, name in enumerate(classes[1:], start=1):
        true, lower, upper = truth == k, bounds["lower"][..., k - 1], bounds["upper"][..., k - 1]
        voxels = max(np.count_nonzero(true), 1)
        missed, excess = np.count_nonzero(true & ~upper) / voxels, min(np.count_nonzero(lower & ~true) / voxels, 1.0)
        counts = {"upper": upper.sum(), "lower": lower.sum(), "reference": true.sum(), "image": true.size}
        rows.append({"class": name, "missed": missed, "excess": excess} | {name: int(n) for name, n in counts.items()})
    return rows


def kept_bounds(rows: Iterable[dict], calibration: Calibration) -> dict[str, dict]:
    """By class: mean losses of `bound_losses` over cases, and how often the volume interval holds the true volume, each with the
    size of what was promised (see `tfuq.scoring.sizes`).

    Args:
        rows: those of `bound_losses`, with ``volume_held`` and the interval ``volume_low``, ``volume_high`` and the volumes
            ``volume_true``, ``volume_image`` in mm³.
        calibration: what the promises were made of.
    """
    rows = list(rows)
    by_class = {name: [row for row in rows if row["class"] == name] for name in calibration.conformal.bounds}
    return {name: _kept_bounds(mine, calibration) for name, mine in by_class.items()}


def _kept_bounds(rows: list[dict], calibration: Calibration) -> dict[str, dict]:
    alpha, cases = calibration.conformal.alpha, len(calibration.cases)
    found = {name: np.array([row[name] for row in rows]) for name in rows[0] if name != "class"}
    interval = (found[f"volume_{name}"] for name in ("low", "high", "true", "image"))
    upper, lower = (
        upper_size(found["upper"], found["reference"], found["image"]),
        lower_size(found["lower"], found["reference"]),
    )
    return {
        "missed_by_upper": conformal.mean_loss(found["missed"], alpha, cases) | upper,
        "excess_of_lower": conformal.mean_loss(found["excess"], alpha, cases) | lower,
        "volume": conformal.realized(found["volume_held"], 1 - alpha, cases) | interval_size(*interval),
    }


def kept_radii(
    errors: np.ndarray, radii: np.ndarray, diagonals: np.ndarray, names: list[str], calibration: Calibration
) -> dict[str, dict]:
    """By landmark: how often the error ``[n, L]`` is within the radius ``[n, L]``, and the radii's size.

    Args:
        errors: radial errors, NaN where a landmark is missing; in mm, or in pixels, as everything here.
        radii: conformal radii.
        diagonals: of the images ``[n]``.
        names: of the landmarks.
        calibration: what the promises were made of.
    """
    table, found = {}, calibration.conformal
    for k, name in enumerate(names):
        present = ~np.isnan(errors[:, k])
        if present.any():
            kept = conformal.realized(errors[present, k] <= radii[present, k], 1 - found.alpha, found.radii_cases.get(name))
            table[name] = kept | radius_size(radii[:, k], diagonals)
    return table
