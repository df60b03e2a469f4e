"""Intervals of items that are nested in cases, against samples drawn one by one."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tests.support import references
from tfuq.scoring.association import auroc_interval, grouped_correlations


def levels(seed, images=60, landmarks=19, own=0.0):
    """Measures and errors whose levels differ from landmark to landmark, and go together within one by ``own`` alone."""
    rng = np.random.default_rng(seed)
    level = stats.zscore(rng.normal(0, 1, landmarks))
    shared = own * rng.normal(size=(images, landmarks))
    noise = rng.normal(size=(2, images, landmarks))
    return level + shared + 1.3 * noise[0], level + shared + 1.3 * noise[1]


def test_levels_of_landmarks_are_no_knowledge_of_errors():
    """Pooled, ρ is 0.36 with p 1e-36 as if 1140 landmarks were independent; within landmarks it is 0."""
    measure, errors = levels(3)
    found = grouped_correlations(measure, errors)["spearman"]
    assert found["rho"] == pytest.approx(stats.spearmanr(measure.ravel(), errors.ravel())[0])
    assert found["rho"] == pytest.approx(0.36, abs=0.04)
    each = [references.spearman(m, e) for m, e in zip(measure.T, errors.T, strict=True)]
    assert found["within"] == pytest.approx(np.mean(each))
    assert abs(found["within"]) < 0.06
    assert found["within_lower"] < 0 < found["within_upper"]
    assert "p" not in found
    assert (found["groups"], found["n"], found["cases"]) == (19, 1140, 60)
    knowing = grouped_correlations(*levels(3, own=1.0))["spearman"]
    assert knowing["within_lower"] > 0.3


def test_intervals_of_grouped_items_are_those_of_resampled_cases():
    measure, errors = levels(1, images=9, landmarks=3, own=0.5)
    measure[2, 1], errors[5, 0] = np.nan, np.nan
    found = grouped_correlations(measure, errors)
    rng, pooled, within = np.random.default_rng(0), [], []
    for _ in range(1000):
        rows = rng.integers(0, 9, 9)
        m, e = measure[rows], errors[rows]
        there = ~(np.isnan(m) | np.isnan(e))
        pooled.append(stats.pearsonr(m[there], e[there])[0])
        within.append(
            np.mean(
                [stats.pearsonr(a[t], b[t])[0] for a, b, t in zip(m.T, e.T, there.T, strict=True)]
            )
        )
    row = found["pearson"]
    assert [row["lower"], row["upper"]] == pytest.approx(np.percentile(pooled, [2.5, 97.5]))
    assert [row["within_lower"], row["within_upper"]] == pytest.approx(
        np.percentile(within, [2.5, 97.5])
    )


def test_what_is_not_defined_is_none():
    errors = np.array([[1.0, 5.0], [2.0, 6.0]])
    nothing = np.full((3, 2), np.nan)
    for measure, quality in (
        (np.ones((2, 2)), errors),
        (errors, np.ones((2, 2))),
        (np.ones((3, 2)), nothing),
        (errors[:1],) * 2,
    ):
        row = grouped_correlations(measure, quality)["spearman"]
        assert row["rho"] is row["lower"] is row["within"] is row["within_lower"] is None
    assert grouped_correlations(errors, errors)["pearson"]["n"] == 4


def test_auroc_interval():
    rng = np.random.default_rng(2)
    values, positive = rng.normal(size=80) + np.repeat([0, 1], 40), np.repeat([False, True], 40)
    low, high = auroc_interval(values, positive, np.arange(80))
    area = roc_auc_score(positive, values)
    half = 1.96 * np.sqrt(
        area * (1 - area) / 40
    )  # an upper bound of its standard error (Hanley & McNeil 1982)
    assert area - half < low < area < high < area + half
