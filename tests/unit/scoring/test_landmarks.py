"""Landmark scores against slow references, with missing landmarks and measures that say nothing."""

import numpy as np
import pytest

from tests.support import references_tables
from tfuq.scoring.landmarks import (
    ellipse_coverage,
    landmark_table,
    radial_errors,
    rater_distance,
    success_rates,
)

NONE = np.full((3, 2), np.nan)


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
