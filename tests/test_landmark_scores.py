"""Landmark scores against slow references, with missing landmarks and measures that say nothing."""

import numpy as np
import pytest

from tests import references, references_tables
from tfuq.scoring.landmarks import (
    correlations,
    detection_auroc,
    errors_by_quantile,
    landmark_table,
    radial_errors,
    rater_distance,
    success_rates,
)

NONE = np.full((3, 2), np.nan)


@pytest.fixture(params=range(3))
def positions(request):
    """Predictions and truths of 30 images of 4 landmarks, a tenth of the truths missing, and a measure that knows a little."""
    rng = np.random.default_rng(request.param)
    truth = rng.uniform(0, 900, (30, 4, 2))
    predicted = truth + rng.normal(0, 25, truth.shape)
    errors = 0.1 * np.linalg.norm(predicted - truth, axis=-1)
    truth[rng.random((30, 4)) < 0.1] = np.nan
    return predicted, truth, np.round(errors + rng.normal(0, 2, errors.shape), 1)


def present(measure, errors):
    return [(m, e) for m, e in zip(measure.ravel(), errors.ravel(), strict=True) if not np.isnan(e)]


def test_radial_errors(positions):
    predicted, truth, _ = positions
    errors = radial_errors(predicted, truth, 0.1)
    expected = [
        [references_tables.radial_error(a, b, 0.1) for a, b in zip(*row, strict=True)]
        for row in zip(predicted, truth, strict=True)
    ]
    np.testing.assert_allclose(errors, expected)
    np.testing.assert_array_equal(np.isnan(errors), np.isnan(truth[..., 0]))
    one = radial_errors(np.array([[[3.0, 4.0]]]), np.zeros((1, 1, 2)), np.array([2.0, 0.5]))
    assert one[0, 0] == pytest.approx(np.hypot(6, 2))


def test_table_of_landmarks(positions):
    predicted, truth, _ = positions
    errors = radial_errors(predicted, truth, 0.1)
    rows = landmark_table(errors, list("abcd"))
    assert [row["landmark"] for row in rows] == ["a", "b", "c", "d", "all"]
    for row, column in zip(rows, [*errors.T, errors.ravel()], strict=True):
        values = [float(e) for e in column if e == e]
        mean = sum(values) / len(values)
        assert row["n"] == len(values)
        assert row["mean"] == pytest.approx(mean)
        assert row["std"] == pytest.approx((sum((v - mean) ** 2 for v in values) / (len(values) - 1)) ** 0.5)
        assert row["median"] == pytest.approx(np.median(values))
        for z in (2, 2.5, 3, 4):
            assert row[f"sdr_{z}mm"] == pytest.approx(sum(v < z for v in values) / len(values))
    assert rater_distance(predicted, truth, 0.1) == {k: v for k, v in rows[-1].items() if k != "landmark"}


def test_success_is_below_the_threshold_and_missing_landmarks_do_not_count():
    assert success_rates(np.array([[1.9, 2.0, np.nan, 2.6]]), (2, 2.5, 3)) == {
        "sdr_2mm": 1 / 3,
        "sdr_2.5mm": 2 / 3,
        "sdr_3mm": 1,
    }
    assert success_rates(NONE, (2,)) == {"sdr_2mm": None}
    pixels = landmark_table(np.array([[1.0, 3.0]]), ["a", "b"], in_mm=False)[-1]
    assert pixels == {"landmark": "all", "n": 2, "mean": 2.0, "std": pytest.approx(2**0.5), "median": 2.0}  # no rates in mm
    rows = landmark_table(np.array([[1.0, np.nan]]), ["a", "b"])
    assert (rows[0]["mean"], rows[0]["std"]) == (1.0, None)
    assert (rows[1]["n"], rows[1]["mean"], rows[1]["median"], rows[1]["sdr_4mm"]) == (0, None, None, None)


def test_correlations(positions):
    predicted, truth, measure = positions
    errors = radial_errors(predicted, truth, 0.1)
    x, y = zip(*present(measure, errors), strict=True)
    found = correlations(measure, errors)
    assert found["spearman"]["rho"] == pytest.approx(references.spearman(x, y))
    assert found["pearson"]["r"] == pytest.approx(references_tables.pearson(x, y))
    assert found["spearman"]["n"] == found["pearson"]["n"] == len(x)
    assert found["spearman"]["p"] < 0.01
    measure[0, 0] = np.nan
    assert correlations(measure, errors)["pearson"]["n"] == len(x) - (not np.isnan(errors[0, 0]))


def test_a_measure_that_says_nothing_has_no_correlation():
    errors = np.array([[1.0, 5.0], [2.0, 6.0]])
    for measure, data in (
        (np.ones((2, 2)), errors),
        (errors, np.ones((2, 2))),
        (np.ones((3, 2)), NONE),
        (errors[:1], errors[:1]),
    ):
        found = correlations(measure, data)
        assert found["spearman"]["rho"] is found["spearman"]["p"] is found["pearson"]["r"] is None
    assert detection_auroc(np.ones((2, 2)), errors) == 0.5
    assert detection_auroc(errors, errors, threshold_mm=9.0) is None
    assert detection_auroc(np.ones((3, 2)), NONE) is None


def test_detection(positions):
    predicted, truth, measure = positions
    errors = radial_errors(predicted, truth, 0.1)
    x, y = (np.array(values) for values in zip(*present(measure, errors), strict=True))
    assert detection_auroc(measure, errors) == pytest.approx(references.area_under_roc(x, y >= 4))
    assert detection_auroc(np.array([[1.0, 2.0]]), np.array([[3.9, 4.0]])) == 1.0


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
    assert rows[0] == {"bin": 1, "n": 6, "low": 1.0, "high": 1.0, "mean_error": 2.5, "failure_rate": 1 / 3}
    assert set(rows[1].values()) == {2, 0, None}
    assert [row["n"] for row in errors_by_quantile(NONE, NONE)] == [0] * 5
