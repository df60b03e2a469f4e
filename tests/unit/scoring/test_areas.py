"""Areas below the risk-coverage curve, against slow references and known answers."""

import numpy as np
import pytest

from tests.support import references, references_scores
from tfuq.scoring import areas, bootstrap
from tfuq.scoring.areas import area_intervals


def test_one_case_has_areas_and_no_intervals():
    risk = np.array([0.0, 1.0, 0.5])
    found = area_intervals(np.array([3.0, 2.0, 1.0]), risk, np.array(["a", "a", "a"]))
    assert found == {"aurc": None, "e_aurc": None, "augrc": None}


@pytest.mark.parametrize("seed", range(4))
def test_areas_with_ties(seed):
    rng = np.random.default_rng(seed)
    confidence, risk = np.round(rng.random(6), 1 if seed % 2 else 0), rng.random(6)
    found = areas.areas(confidence, risk)
    expected = {name: getattr(references_scores, name)(confidence, risk) for name in areas.AREAS}
    assert found == pytest.approx(expected, abs=1e-12)
    coverage, selective = areas.risk_coverage_curve(confidence, risk)
    np.testing.assert_allclose(selective, references_scores.selective_risks(confidence, risk))
    np.testing.assert_allclose(coverage, np.arange(1, 7) / 6)
    assert (coverage[-1], selective[-1]) == (1, pytest.approx(risk.mean()))


@pytest.mark.parametrize("seed", range(3))
def test_augrc_of_failures_is_a_function_of_auroc_and_accuracy(seed):
    """The identity of Traub et al. 2024, which also holds with ties."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(200) < 0.3
    confidence = np.round(rng.random(200) - 0.2 * wrong, 1)
    a, auroc = 1 - wrong.mean(), references.area_under_roc(-confidence, wrong)
    assert areas.areas(confidence, wrong)["augrc"] == pytest.approx(
        (1 - auroc) * a * (1 - a) + (1 - a) ** 2 / 2
    )


def test_areas_of_known_answers():
    risk = np.array([0.0, 0.0, 1.0])
    assert areas.areas(np.array([3, 2, 1]), risk) == pytest.approx(
        {"aurc": 1 / 9, "e_aurc": 0, "augrc": 1 / 18}
    )
    assert areas.areas(np.ones(3), risk)["aurc"] == pytest.approx(
        1 / 3
    )  # no order: the mean risk at every coverage
    assert areas.areas(np.arange(4), np.ones(4)) == pytest.approx(
        {"aurc": 1, "e_aurc": 0, "augrc": 0.5}
    )


def test_intervals_are_those_of_resampled_cases(monkeypatch):
    rng = np.random.default_rng(5)
    confidence, risk, cases = (
        np.round(rng.random(30), 1),
        rng.random(30),
        np.repeat(np.arange(10), 3),
    )
    found = areas.area_intervals(confidence, risk, cases, seed=3, draws=50)
    again, drawn = np.random.default_rng(3), []
    for _ in range(50):
        rows = np.concatenate([np.flatnonzero(cases == c) for c in again.integers(0, 10, 10)])
        drawn.append(areas.areas(confidence[rows], risk[rows]))
    for name, interval in found.items():
        assert interval == pytest.approx(np.percentile([d[name] for d in drawn], [2.5, 97.5]))
    assert found != areas.area_intervals(confidence, risk, cases, seed=4, draws=50)
    monkeypatch.setattr(bootstrap, "_AT_ONCE", 100)  # in parts
    in_parts = areas.area_intervals(confidence, risk, cases, seed=3, draws=50)
    assert all(in_parts[name] == pytest.approx(found[name]) for name in found)
