"""How measures find landmarks that are off, against slow references and known answers."""

import numpy as np
import pytest

from tests.support import references, references_tables
from tests.support.landmarks import present
from tfuq.scoring.landmark_detection import detection_auroc, detection_interval, errors_by_quantile
from tfuq.scoring.landmarks import radial_errors

NONE = np.full((3, 2), np.nan)


def test_a_measure_that_says_nothing_finds_nothing():
    errors = np.array([[1.0, 5.0], [2.0, 6.0]])
    assert detection_auroc(np.ones((2, 2)), errors) == 0.5
    assert detection_auroc(errors, errors, threshold_mm=9.0) is None
    assert detection_auroc(np.ones((3, 2)), NONE) is None
    assert detection_interval(errors, errors, threshold_mm=9.0) is None


def test_detection(positions):
    predicted, truth, measure = positions
    errors = radial_errors(predicted, truth, 0.1)
    x, y = (np.array(values) for values in zip(*present(measure, errors), strict=True))
    assert detection_auroc(measure, errors) == pytest.approx(references.area_under_roc(x, y >= 4))
    assert detection_auroc(np.array([[1.0, 2.0]]), np.array([[3.9, 4.0]])) == 1.0
    low, high = detection_interval(measure, errors)
    assert low < detection_auroc(measure, errors) < high


def test_errors_by_quantile(positions):
    predicted, truth, measure = positions
    errors = radial_errors(predicted, truth, 0.1)
    pairs = present(measure, errors)
    bins = references_tables.quantile_bins([m for m, _ in pairs], 5)
    rows = errors_by_quantile(measure, errors)
    assert sum(row["n"] for row in rows) == len(pairs)
    for k, row in enumerate(rows):
        members = [pair for pair, b in zip(pairs, bins, strict=True) if b == k]
        assert (row["bin"], row["n"]) == (k + 1, len(members))
        assert row["n"] == pytest.approx(len(pairs) / 5, abs=4)  # ties stay together
        assert (row["low"], row["high"]) == (min(m for m, _ in members), max(m for m, _ in members))
        assert row["mean_error"] == pytest.approx(np.mean([e for _, e in members]))
        assert row["failure_rate"] == pytest.approx(np.mean([e >= 4 for _, e in members]))


def test_bins_that_ties_leave_empty_have_no_values():
    rows = errors_by_quantile(np.ones((2, 3)), np.arange(6.0).reshape(2, 3))
    assert [row["n"] for row in rows] == [6, 0, 0, 0, 0]
    assert rows[0] == {
        "bin": 1,
        "n": 6,
        "low": 1.0,
        "high": 1.0,
        "mean_error": 2.5,
        "failure_rate": 1 / 3,
    }
    assert set(rows[1].values()) == {2, 0, None}
    assert [row["n"] for row in errors_by_quantile(NONE, NONE)] == [0] * 5
