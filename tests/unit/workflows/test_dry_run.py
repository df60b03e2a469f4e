"""What training and prediction would do, said without doing it."""

import pytest
import tf_keras

from tests.conftest import files_of, task_settings
from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.errors import RunError
from tfuq.prediction import Predictor, cases_of_test_split, predict
from tfuq.workflows.dry_run import plan_prediction, plan_training


@pytest.fixture
def predictor(digits, tmp_path, monkeypatch):
    """A predictor of digits with a network of 3 × 2 weights and 2 biases."""
    network = tf_keras.Sequential([tf_keras.layers.Dense(2, input_shape=(3,))])
    monkeypatch.setattr(Predictor, "networks", [network])
    return make_given_predictor(make_finished_run(tmp_path / "run", "classification", digits))


def test_prediction_is_rehearsed_and_leaves_nothing(predictor, tmp_path):
    before = files_of(tmp_path)
    cases = cases_of_test_split(predictor.run)[:9]
    plan = plan_prediction(predictor, cases, tmp_path / "out")
    assert plan["would predict"].startswith("9 of 9 case(s) by mc-dropout, T = 4, into ")
    assert plan["run"].endswith("1 member(s) of 1 layers, 8 weights")
    assert plan["files"] == "predictions.csv"
    assert plan["seen here"].startswith("4 cases at once: a sample ")
    assert plan["estimate"].startswith("about ")
    assert files_of(tmp_path) == before


def test_what_is_complete_is_not_predicted(predictor, tmp_path):
    cases = cases_of_test_split(predictor.run)[:4]
    predict(predictor, cases[:3], tmp_path / "out")
    plan = plan_prediction(predictor, cases, tmp_path / "out")
    assert plan["would predict"].startswith("1 of 4 case(s)")
    assert plan["seen here"].startswith(cases[3].id)
    whole = plan_prediction(predictor, cases[:3], tmp_path / "out")
    assert whole["would predict"].startswith("0 of 3 case(s)")
    assert "estimate" not in whole


def test_what_prediction_would_refuse_is_refused(predictor, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    (tmp_path / "out" / "manifest.json").write_text("{}")
    with pytest.raises(RunError, match=r"manifest\.json"):
        plan_prediction(predictor, cases_of_test_split(predictor.run)[:1], tmp_path / "out")


@pytest.mark.slow
def test_what_is_said_of_a_training_is_of_the_member_that_is_asked_for(digits, tmp_path):
    """40 images are 5 batches of 8. A filter of 5 × 5 has a bias, and 4 filters more see it."""
    overrides = [{}, {"training.batch_size": 8, "training.epochs": 3, "network.widths": [3, 4]}]
    ensemble = {"diversity": "overrides", "overrides": overrides}
    training = {"steps_per_epoch": None}
    config = task_settings(
        "classification", digits, "ensemble", ensemble=ensemble, training=training
    )
    weights = []
    for member, steps, batch, epochs in ((0, 20, 2, 1), (1, 5, 8, 3)):
        plan = plan_training(config, tmp_path / "run", member=member)
        expected = f"{steps} an epoch of batch {batch}, at most {epochs} epochs a member"
        assert plan["steps"] == expected
        assert plan["would train"].startswith(f"members [{member}] of 2")
        weights.append(int(plan["network"].split()[-2].replace(",", "")))
    assert weights[1] - weights[0] == 5 * 5 + 1 + 5 * 5 * 4


@pytest.mark.slow
def test_a_rehearsed_training_leaves_no_cases_on_disk(digits, tmp_path, monkeypatch):
    monkeypatch.setenv("TFUQ_CACHE", str(tmp_path / "cache"))
    config = task_settings("classification", digits, training={"cache": "disk"})
    assert plan_training(config, tmp_path / "run")["would train"].startswith("members [0] of 1")
    assert list(tmp_path.iterdir()) == []
