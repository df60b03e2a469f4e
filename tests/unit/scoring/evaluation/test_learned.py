"""The Dice that a calibration expects, in scores of other cases."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.drawn import make_finished_run
from tfuq.calibration.quality import fit_quality
from tfuq.calibration.records import Calibration, Conformal
from tfuq.errors import RunError
from tfuq.prediction import request_of
from tfuq.prediction.manifests import fresh_manifest
from tfuq.scoring.evaluation import learned as module
from tfuq.scoring.evaluation.learned import learned_rules, with_learned


def rules():
    """An estimate by one measure: the less samples agree, the lower is Dice."""
    agreement = np.linspace(0.2, 1.0, 30)
    measured = [{"pairwise_dice": value} for value in agreement]
    model = fit_quality(measured, agreement, "dice", 0.1)
    estimate = lambda part: model.estimate(part.measures) if part.name == "ball" else None  # noqa: E731
    return SimpleNamespace(models={"ball": model}, estimate=estimate)


def test_a_structure_as_a_whole_has_what_is_expected_of_it():
    rows = [
        {"class": "ball", "component": "all", "pairwise_dice": 0.9},
        {"class": "ball", "component": "all", "pairwise_dice": 0.3},
        {"class": "ball", "component": 1, "pairwise_dice": 0.9},
        {"class": "core", "component": "all", "pairwise_dice": 0.9},
    ]
    good, bad, component, other = [row["learned_dice"] for row in with_learned(rows, rules())]
    assert good > bad
    assert good == rules().models["ball"].estimate({"pairwise_dice": 0.9}).expected
    assert component is other is None


@pytest.fixture
def manifest(balls, tmp_path):
    run = make_finished_run(tmp_path / "run", "segmentation", balls)
    return fresh_manifest(run, request_of(run.config, "hybrid", 4, 0), 4, [0, 1])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "is not calibrated for hybrid; run tfuq calibrate"),
        ({"combine": "staple"}, "combined by staple; predict with --combine mean"),
        ({"calibration": "ab"}, "predict without --calibrated"),
    ],
)
def test_predictions_that_no_regression_is_of_are_refused(manifest, changes, words):
    for name, value in changes.items():
        setattr(manifest, name, value)
    with pytest.raises(RunError, match=words):
        learned_rules(manifest, [])


def test_a_calibration_of_too_few_cases_is_refused(manifest, monkeypatch):
    empty = Calibration(
        draws=manifest, source="calibration", cases={}, scaling=None, conformal=Conformal(alpha=0.1)
    )
    monkeypatch.setattr(module, "read_calibration", lambda run, draws: empty)
    with pytest.raises(
        RunError, match="which takes 6 cases or more; on more cases, run tfuq calib"
    ):
        learned_rules(manifest, [])
