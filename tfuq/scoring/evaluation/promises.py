"""Whether the promises of calibrated predictions were kept, on cases of no calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfuq.calibration.records import Calibration, calibration_of
from tfuq.errors import DataError
from tfuq.runs.results import SET_SEPARATOR, Manifest
from tfuq.scoring.coverage import realized
from tfuq.scoring.rows import Row
from tfuq.scoring.sizes import radius_size, set_size

_AGAIN = "predict again with --overwrite"


def checked_calibration(manifest: Manifest) -> Calibration | None:
    """The calibration that the predictions were made with; None without one.

    Raises:
        DataError: a predicted case is one of its own.
        RunError: see `tfuq.calibration.records.calibration_of`.
    """
    calibration = calibration_of(manifest)
    if calibration is None:
        return None
    for case_id, entry in manifest.cases.items():
        calibrated = calibration.cases.get(case_id)
        if calibrated is not None and _same_files(calibrated, entry.images):
            raise DataError(
                f"case '{case_id}': is a calibration case, on which a promise cannot be checked; "
                "predict others"
            )
    return calibration


def _same_files(calibrated: list[str], predicted: list[str]) -> bool:
    return [file.split("#")[0] for file in calibrated] == predicted


def summary_head(calibration: Calibration) -> Row:
    """What was calibrated on what."""
    scaling = None
    if calibration.scaling:
        scaling = {
            "kind": calibration.scaling.kind,
            "weights": calibration.scaling.weights,
            "bias": calibration.scaling.bias,
        }
    return {
        "source": calibration.source,
        "caveat": calibration.caveat,
        "calibration_cases": len(calibration.cases),
        "alpha": calibration.conformal.alpha,
        "scaling": scaling,
    }


def kept_sets(
    rows: Sequence[Row],
    y: np.ndarray,
    classes: list[str],
    calibration: Calibration,
) -> dict[str, Row]:
    """How often sets have the true class, and the sets' size.

    Args:
        rows: n of ``predictions.csv``.
        y: numbers of the true classes, ``[n]``.
        classes: their K names.
        calibration: what the promises were made of.

    Returns:
        By rule.

    Raises:
        DataError: a set holds something else than classes.
    """
    promised = 1 - calibration.conformal.alpha
    table: dict[str, Row] = {}
    for rule in calibration.conformal.sets:
        sets = _sets(rows, rule, classes)
        held = sets[np.arange(len(y)), y]
        coverage = realized(held, promised, len(calibration.cases))
        table[rule] = coverage | set_size(sets)
    return table


def _sets(rows: Sequence[Row], rule: str, classes: list[str]) -> np.ndarray:
    """Which classes each row's set holds, ``[n, K]`` bool."""
    sets = []
    for row in rows:
        chosen = _parsed(row.get(f"set_{rule}"), classes)
        sets.append([name in chosen for name in classes])
    return np.array(sets)


def _parsed(text: str | None, classes: list[str]) -> set[str]:
    chosen: set[str] = set()
    if text:
        chosen = set(text.split(SET_SEPARATOR))
    if text is None or not chosen <= set(classes):
        raise DataError(
            f"predictions.csv: the conformal set {text!r:.80} does not hold classes of the run; "
            f"{_AGAIN}"
        )
    return chosen


def kept_radii(
    errors: np.ndarray,
    radii: np.ndarray,
    diagonals: np.ndarray,
    names: list[str],
    calibration: Calibration,
) -> dict[str, Row]:
    """How often errors are within the conformal radii, and the radii's size.

    Lengths are in mm, or all in pixels.

    Args:
        errors: radial errors ``[n, L]``, NaN where a landmark is missing.
        radii: conformal radii ``[n, L]``.
        diagonals: of the images ``[n]``.
        names: of the landmarks.
        calibration: what the promises were made of.

    Returns:
        By landmark.
    """
    conformal = calibration.conformal
    promised = 1 - conformal.alpha
    table = {}
    for k, name in enumerate(names):
        present = ~np.isnan(errors[:, k])
        if present.any():
            held = errors[present, k] <= radii[present, k]
            coverage = realized(held, promised, conformal.radii_cases.get(name))
            table[name] = coverage | radius_size(radii[:, k], diagonals)
    return table
