"""Files against what was computed again: equal to 1e-5, and nothing left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tests.audit.measures import Cells
from tests.audit.stored import Row, read_nifti

TOLERANCE = 1e-5
# Positions are in single precision, so what is made of their squares is less exact: to 1e-4 of the
# variance. The direction of an ellipse hangs on the difference of such numbers.
SQUARES = ("covariance", "variance", "ellipse_long", "ellipse_short")
TOLERANCE_OF_SQUARES = 1e-4
DEGREES, TOLERANCE_OF_DEGREES = "ellipse_degrees", 0.05


def assert_map(path: Path, expected: np.ndarray) -> None:
    """A NIfTI file holds these values."""
    found = read_nifti(path)
    expected = expected.reshape(found.shape)
    difference = np.abs(found.astype(float) - expected)
    worst = np.unravel_index(difference.argmax(), difference.shape)
    said = f"{path}: {found[worst]:.8g} at {worst}, computed again {expected[worst]:.8g}"
    assert difference.max() <= TOLERANCE, said


def assert_choice(path: Path, probability: np.ndarray) -> None:
    """A label map holds the likeliest class, wherever that does not hang on the last digits."""
    found = read_nifti(path).reshape(probability.shape[:-1])
    chosen = np.take_along_axis(probability, found[..., None].astype(int), -1)[..., 0]
    assert (chosen >= probability.max(-1) - TOLERANCE).all(), path


def settled(masks: np.ndarray, certain: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """Masks computed again, with those voxels as stored that hang on the last digits; no others may
    differ."""
    assert masks.shape == stored.shape
    assert (masks == stored)[certain].all(), f"{(masks != stored)[certain].sum()} voxels differ"
    assert (~certain).sum() <= max(3 * masks.shape[1], 0.001 * masks.size)
    return np.where(certain, masks, stored)


def assert_rows(path: Path, found: Iterable[Row], expected: Iterable[Cells]) -> None:
    """A table holds these rows and no other column."""
    found, expected = list(found), list(expected)
    assert len(found) == len(expected), f"{path}: {len(found)} rows, computed again {len(expected)}"
    columns = list(dict.fromkeys(column for row in expected for column in row))
    assert set(found[0]) == set(columns), set(found[0]) ^ set(columns)
    wrong = [
        f"{path}: row {number}, {column}: {stored[column]!r}, computed again {row.get(column)!r}"
        for number, (stored, row) in enumerate(zip(found, expected, strict=True), start=1)
        for column in columns
        if not _agrees(column, stored[column], row)
    ]
    assert not wrong, "\n".join(wrong[:20])


def _agrees(column: str, stored: str, row: Cells) -> bool:
    expected = row.get(column)
    if expected is None or isinstance(expected, str):
        return stored == (expected or "")
    if stored == "":
        return False
    difference = abs(float(stored) - expected)
    if column == DEGREES:
        return min(difference, 180 - difference) <= TOLERANCE_OF_DEGREES
    return difference <= TOLERANCE * (1 + abs(expected)) + _tolerance_of_square(column, row)


def _tolerance_of_square(column: str, row: Cells) -> float:
    """What a square of positions may be off by beyond the others, by the variance in its unit."""
    if not column.startswith(SQUARES):
        return 0.0
    variance = row.get("variance_mm" if column.endswith("_mm") else "variance", 0.0)
    return TOLERANCE_OF_SQUARES * float(variance)


def assert_thresholds(stored: dict[str, float], expected: dict[str, float]) -> None:
    """Thresholds of a calibration are these."""
    assert set(stored) == set(expected)
    for name, value in expected.items():
        close = np.isclose(stored[name], value, rtol=TOLERANCE, atol=TOLERANCE)
        assert close, f"{name}: {stored[name]}, computed again {value}"
