"""Landmark scores against slow references, with missing landmarks and measures that say nothing."""

import numpy as np
import pytest

from tests.support import references, references_tables
from tfuq.scoring.landmark_detection import detection_auroc, detection_interval, errors_by_quantile
from tfuq.scoring.landmarks import (
    ellipse_coverage,
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
        assert row["std"] == pytest.approx(
            (sum((v - mean) ** 2 for v in values) / (len(values) - 1)) ** 0.5
        )
        assert row["median"] == pytest.approx(np.median(values))
        for z in (2, 2.5, 3, 4):
            assert row[f"sdr_{z}mm"] == pytest.approx(sum(v < z for v in values) / len(values))
    assert rater_distance(predicted, truth, 0.1) == {
        k: v for k, v in rows[-1].items() if k != "landmark"
    }


def test_success_is_below_the_threshold_and_missing_landmarks_do_not_count():
    assert success_rates(np.array([[1.9, 2.0, np.nan, 2.6]]), (2, 2.5, 3)) == {
        "sdr_2mm": 1 / 3,
        "sdr_2.5mm": 2 / 3,
        "sdr_3mm": 1,
    }
    assert success_rates(NONE, (2,)) == {"sdr_2mm": None}
    pixels = landmark_table(np.array([[1.0, 3.0]]), ["a", "b"], in_mm=False)[-1]
    assert pixels == {
        "landmark": "all",
        "n": 2,
        "mean": 2.0,
        "std": pytest.approx(2**0.5),
        "median": 2.0,
    }  # no rates in mm
    rows = landmark_table(np.array([[1.0, np.nan]]), ["a", "b"])
    assert (rows[0]["mean"], rows[0]["std"]) == (1.0, None)
    assert (rows[1]["n"], rows[1]["mean"], rows[1]["median"], rows[1]["sdr_4mm"]) == (
        0,
        None,
        None,
        None,
    )


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


def mahalanobis_limit(samples: int, share: float = 0.95) -> float:
    """Hotelling's limit for a new point in the plane, by F written as Beta: F(2, m) > f with (1 + 2f/m)^(−m/2)."""
    m = samples - 2
    f = m / 2 * ((1 - share) ** (-2 / m) - 1)
    return 2 * (samples - 1) * (samples + 1) / (samples * m) * f


@pytest.mark.parametrize("samples", [3, 5, 40])
def test_the_share_of_truths_in_the_ellipse(samples):
    rng = np.random.default_rng(samples)
    drawn = rng.normal(size=(12, 4, samples, 2)) @ np.array([[2.0, 0.7], [0.0, 0.5]])
    truth = rng.normal(0, 3, (12, 4, 2))
    truth[0, 1] = np.nan
    mean = drawn.mean(2)
    deviations = drawn - mean[:, :, None]
    covariance = np.einsum("nlti,nltj->nlij", deviations, deviations) / samples
    held = []
    for i, k in np.argwhere(~np.isnan(truth[..., 0])):
        away = truth[i, k] - mean[i, k]
        unbiased = np.cov(drawn[i, k].T)
        held.append(away @ np.linalg.solve(unbiased, away) <= mahalanobis_limit(samples))
    found = ellipse_coverage(truth, mean, covariance, samples)
    assert found["share"] == pytest.approx(np.mean(held))
    assert (found["n"], found["cases"], found["samples"]) == (47, 12, samples)
    assert found["lower"] <= found["share"] <= found["upper"]


def test_two_samples_have_no_ellipse_to_hold_anything():
    truth = np.zeros((3, 1, 2))
    assert ellipse_coverage(truth, truth, np.ones((3, 1, 2, 2)), 2) is None
    assert ellipse_coverage(truth, truth, None, 1) is None
    assert ellipse_coverage(truth * np.nan, truth, np.ones((3, 1, 2, 2)), 9) is None


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
