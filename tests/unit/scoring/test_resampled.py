"""Figures of items that occur several times, against those of the items repeated."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tfuq.scoring.resampled import (
    resampled_auroc,
    resampled_pearson,
    resampled_ranks,
    resampled_spearman,
)

TIMES = np.random.default_rng(9).integers(0, 4, (30, 14))


def repeated(values, times):
    return np.repeat(values, times)


def test_resampled_items_are_items_repeated():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, 14).astype(float), rng.normal(1000, 0.001, 14)
    positive = rng.random(14) < 0.4
    for row, times in enumerate(TIMES):
        drawn = repeated(x, times), repeated(y, times), repeated(positive, times)
        ranks = resampled_ranks(x, TIMES)[row]
        np.testing.assert_allclose(repeated(ranks, times), stats.rankdata(drawn[0]))
        assert resampled_spearman(x, y, TIMES)[row] == pytest.approx(stats.spearmanr(*drawn[:2])[0])
        assert resampled_pearson(x, y, TIMES)[row] == pytest.approx(
            stats.pearsonr(*drawn[:2])[0], rel=1e-6
        )
        if 0 < drawn[2].sum() < len(drawn[2]):
            assert resampled_auroc(x, positive, TIMES)[row] == pytest.approx(
                roc_auc_score(drawn[2], drawn[0])
            )
    alone = np.eye(14, dtype=int)[:2] * 5
    assert np.isnan(resampled_spearman(x, y, alone)).all()
    assert np.isnan(resampled_auroc(x, positive, alone)).all()


def test_a_large_constant_is_not_correlated_with_anything():
    """What rounding leaves of its deviations is no spread."""
    constant = np.full(14, 0.1 + 1e6)
    assert np.isnan(resampled_pearson(constant, np.arange(14.0), TIMES)).all()
