"""The area under the ROC curve against scikit-learn, with many ties."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tfuq.scoring import auroc
from tfuq.scoring.auroc import area_under_roc

N = 5000
RNG = np.random.default_rng(0)
UNIFORM = RNG.random(N)
VALUES = {
    "no ties": UNIFORM,
    "float32": UNIFORM.astype(np.float32),
    "ties": np.round(UNIFORM, 2).astype(np.float32),
    "few values": np.round(UNIFORM * 3) / 3,
    "one value": np.zeros(N),
    "negative": -np.round(UNIFORM, 3),
    "both signs and zeros": np.round(UNIFORM - 0.5, 1) * RNG.choice([-1.0, 1.0], N),
    "nearly equal doubles": 1 + UNIFORM * 1e-12,
    "many magnitudes": 10.0 ** RNG.integers(-30, 30, N),
    "whole numbers": RNG.integers(0, 9, N),
}


@pytest.mark.parametrize("block", [2**20, 700])
@pytest.mark.parametrize("kind", VALUES)
def test_areas_are_those_of_scikit_learn(kind, block, monkeypatch):
    monkeypatch.setattr(auroc, "_BLOCK", block)
    values = VALUES[kind]
    for share in (0.5, 0.001):
        positive = RNG.random(N) < share + 0.3 * (UNIFORM - 0.5) * (share == 0.5)
        expected = roc_auc_score(positive, values)
        assert area_under_roc(values, positive) == pytest.approx(expected, rel=1e-12)


def test_without_both_kinds_there_is_none():
    assert area_under_roc(np.arange(3.0), np.ones(3, bool)) is None
    assert area_under_roc(np.arange(3.0), np.zeros(3, bool)) is None
    assert area_under_roc(np.zeros(0), np.zeros(0, bool)) is None
