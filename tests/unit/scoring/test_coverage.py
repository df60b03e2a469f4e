"""Realized coverage and mean losses, with what chance allows."""

import numpy as np
import pytest
from scipy import stats

from tfuq.scoring import coverage


def test_realized_coverage():
    row = coverage.realized(np.arange(50) < 45, 0.9, calibrated_on=99)
    assert (row["realized"], row["n"]) == (0.9, 50)
    low = stats.beta.ppf(0.025, 45, 6), stats.beta.ppf(0.975, 46, 5)
    assert row["interval"] == pytest.approx(low)
    assert row["band"][0] < 0.9 < row["band"][1]
    losses = np.array([0.1, 0.0, 0.3, 0.0])
    assert coverage.mean_loss(losses, 0.1, 99)["interval"] == pytest.approx(
        [0, stats.t.interval(0.95, 3, 0.1, stats.sem(losses))[1]]
    )
    assert coverage.mean_loss(losses[:1], 0.1, 99)["interval"] is None
    # Six losses of 0 say that a loss of 1 has at most the probability that leaves none of six with 2.5 %.
    assert coverage.mean_loss(np.zeros(6), 0.1, 99)["interval"] == pytest.approx(
        [0, 1 - 0.025 ** (1 / 6)]
    )
    assert coverage.mean_loss(np.ones(6), 0.1, 99)["interval"] == pytest.approx(
        [0.025 ** (1 / 6), 1]
    )
    assert coverage.mean_loss(np.full(6, 0.3), 0.1, 99)["interval"] is None


def test_coverage_bands():
    """Against the beta-binomial law, by simulation of ranks."""
    rng, m, n, alpha = np.random.default_rng(0), 19, 10, 0.1
    ranks = rng.random((200_000, m + n)).argsort(1).argsort(1)
    quantile = np.sort(ranks[:, :m], 1)[:, int(np.ceil((m + 1) * (1 - alpha))) - 1]
    covered = (ranks[:, m:] <= quantile[:, None]).mean(1)
    low, high = coverage.coverage_band(m, n, alpha)
    assert (covered < low).mean() <= 0.0255
    assert (covered <= low).mean() > 0.025
    assert high == 1.0
    inside, below = (
        coverage.realized(np.ones(n, bool), 0.9, m),
        coverage.realized(np.arange(n) < 5, 0.9, m),
    )
    assert (inside["outside"], inside["broken"]) == (None, False)
    assert (below["outside"], below["broken"], below["calibrated_on"]) == ("below", True, m)
    above = coverage.realized(np.ones(400, bool), 0.9, 400)
    assert (above["outside"], above["broken"]) == ("above", False)
    assert "band" not in coverage.realized(np.ones(3, bool), 0.9)


@pytest.mark.parametrize(
    "law", [lambda rng, shape: rng.random(shape) < 0.3, lambda rng, shape: rng.beta(0.4, 3, shape)]
)
def test_mean_losses_stay_in_their_band(law):
    """Losses that fall with the threshold, some 0 or 1, some between: at most 2.5 % of mean losses lie above the band."""
    rng, m, n, alpha, repeats = np.random.default_rng(1), 29, 12, 0.2, 4000
    most = coverage.mean_loss(np.full(n, 0.1), alpha, m)["band"][1]
    above = 0
    for _ in range(repeats):
        severity, scale = rng.random(m + n), law(rng, m + n).astype(float)
        losses = np.where(
            np.linspace(0, 1, 41)[:, None] < severity, np.maximum(scale, severity > 0.7), 0
        ).T
        holds = (m * losses[:m].mean(0) + 1) / (m + 1) <= alpha
        chosen = losses[m:, np.flatnonzero(holds)[0]] if holds.any() else np.zeros(n)
        above += chosen.mean() > most + 1e-9
    assert above / repeats <= 0.025 + 3 * np.sqrt(0.025 / repeats)
    row = coverage.mean_loss(np.array([1.0] * 9 + [0.0] * 3), alpha, m)
    assert (row["outside"], row["broken"]) == ("above", True)
    rank = int(np.ceil((m + 1) * (1 - alpha)))
    assert row["band"][1] == pytest.approx(stats.betabinom(n, m + 1 - rank, rank).ppf(0.975) / n)
