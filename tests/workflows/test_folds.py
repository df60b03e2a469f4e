"""Cross-validation: the folds are an ensemble, and every training case is predicted out of fold."""

import json
import math
from dataclasses import replace

import pytest

from tests.conftest import assert_refused, task_settings
from tests.support.histories import history
from tests.support.observers import Recorder
from tfuq.config import fold_overrides, parse
from tfuq.data.json_csv import read_table
from tfuq.execution import PartDoneError, Serial
from tfuq.execution.serial import Part
from tfuq.prediction import (
    calibration_cases,
    make_predictor,
    predict,
    predict_out_of_fold,
    request_of,
)
from tfuq.prediction.cases import known_cases
from tfuq.runs import open_run
from tfuq.training import train
from tfuq.workflows.calibrate import Choices, calibrate

COLUMNS = ("case", "probability_0", "probability_9")


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory):
    """Two networks of two folds of 48 digits."""
    text = task_settings("classification", digits, "deterministic").dump()
    training = ["training.epochs=4", "training.learning_rate=0.1"]
    config = parse(text, (*fold_overrides("deterministic", 2), *training))
    return train(config, tmp_path_factory.mktemp("folds") / "run")


@pytest.fixture(scope="module")
def predicted(run):
    folder = run.predictions("ensemble-out-of-fold")
    predict_out_of_fold(run, request_of(run.config, "ensemble", None, None), folder)
    return folder


def test_a_network_becomes_an_ensemble_of_folds(run):
    assert run.config.method == "ensemble"
    assert run.finished_members == [0, 1]
    assert sorted(run.folds[0] + run.folds[1]) == run.split["train"]
    assert run.split["validation"] == []


def test_folds_have_their_share_of_each_class(run):
    truth = {case.id: case.truth for case in known_cases(run, run.split["train"])}
    for digit in set(truth.values()):
        counts = [sum(truth[case_id] == digit for case_id in fold) for fold in run.folds]
        assert abs(counts[0] - counts[1]) <= 1


def test_a_case_is_predicted_by_the_member_that_left_it_out(run, predicted, tmp_path):
    rows = {row["case"]: row for row in read_table(predicted / "predictions.csv", COLUMNS, "")}
    assert sorted(rows) == run.split["train"]
    request = request_of(run.config, "ensemble", None, None)
    for member in range(2):
        folder = tmp_path / str(member)
        cases = known_cases(run, run.folds[0][:2])
        predict(make_predictor(run, replace(request, member=member)), cases, folder)
        for row in read_table(folder / "predictions.csv", COLUMNS, ""):
            same = row["probability_0"] == rows[row["case"]]["probability_0"]
            assert same is (member == 0)


def test_out_of_fold_predictions_are_scored_as_one_table(run, predicted, tfuq):
    assert tfuq("score", predicted).exit_code == 0
    summary = json.loads((run.scores("ensemble-out-of-fold") / "summary.json").read_text())
    assert summary["scores"]["all"]["accuracy"]["n"] == 48


def test_a_member_keeps_its_last_epoch_as_no_fold_chooses_one(run):
    """The learning rate is so high that an earlier epoch is better on the fold."""
    losses = [row["val_loss"] for row in history(run)]
    done = json.loads((run.member(0) / "done").read_text())
    assert losses.index(min(losses)) < len(losses) - 1
    assert done["best_epoch"] == done["epochs"] == len(losses)


@pytest.mark.slow
def test_a_calibration_out_of_fold_says_what_it_promises(run, tfuq):
    result = tfuq("calibrate", run.path, "--alpha", "0.2", "--overwrite")
    assert result.exit_code == 0, result.output
    assert "calibrated on 48 case(s)" in result.output
    assert "cross-conformal" in result.stderr
    calibration = json.loads((run.path / "calibrations" / "ensemble.json").read_text())
    assert calibration["source"] == "out-of-fold"
    assert sorted(calibration["cases"]) == run.split["train"]
    assert len(calibration["draws"]["weights_digest"]) == 2
    assert tfuq("predict", run.path, "--calibrated").exit_code == 0


@pytest.mark.slow
def test_its_threshold_is_of_probabilities_out_of_fold(run, predicted, tfuq):
    """The quantile of 1 - p of the true class, before scaling, worked out from the table."""
    assert tfuq("calibrate", run.path, "--alpha", "0.2", "--overwrite").exit_code == 0
    calibration = json.loads((run.path / "calibrations" / "ensemble.json").read_text())
    columns = ("case", *(f"probability_{digit}" for digit in range(10)))
    rows = read_table(predicted / "predictions.csv", columns, "")
    truth = {case.id: case.truth for case in known_cases(run, run.split["train"])}
    scores = sorted(1 - float(row[f"probability_{truth[row['case']]}"]) for row in rows)
    rank = math.ceil((len(scores) + 1) * (1 - 0.2))
    assert calibration["conformal"]["sets"]["lac"] == pytest.approx(scores[rank - 1], abs=1e-5)


@pytest.mark.slow
def test_parts_of_a_calibration_out_of_fold_make_what_one_process_makes(run):
    """Each of two parts samples something, and what both have sampled is not sampled again."""
    request = request_of(run.config, "ensemble", None, None)
    cases = calibration_cases(run, "out-of-fold", 0)

    def calibrated(executor):
        recorder = Recorder()
        choices = Choices(source="out-of-fold", alpha=0.2)
        options = {"observer": recorder, "overwrite": True, "executor": executor}
        _, path = calibrate(run, request, cases, choices, **options)
        return path.read_bytes(), recorder.events

    whole, _ = calibrated(Serial())
    for index in range(2):
        with pytest.raises(PartDoneError):
            calibrated(Part(index, 2))
    assert calibrated(Serial()) == (whole, [])
    assert not list((run.path / "calibrations").glob(".slices*"))


def test_what_is_stopped_goes_on(run, predicted, tfuq):
    before = (predicted / "predictions.csv").read_bytes()
    assert tfuq("predict", run.path, "--out-of-fold").exit_code == 0
    assert (predicted / "predictions.csv").read_bytes() == before


def test_other_predictions_of_the_folder_are_not_mixed_in(run, predicted, tfuq):
    result = tfuq("predict", run.path, "--out", predicted)
    assert_refused(result, "out of fold", "--overwrite or another --out")


def test_one_fold_is_trained_alone(digits, tmp_path, tfuq):
    config = tmp_path / "digits.yaml"
    config.write_text(task_settings("classification", digits, "deterministic").dump())
    call = ("train", config, "--folds", "2", "--run", tmp_path / "run")
    assert tfuq(*call, "--fold", "1").exit_code == 0
    assert open_run(tmp_path / "run").finished_members == [1]
    assert_refused(tfuq("predict", tmp_path / "run", "--out-of-fold"), "have not finished training")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fold", "1"), "--fold needs --folds"),
        (("--folds", "2", "--fold", "0", "--member", "0"), "leave out one of both"),
        (("-o", "ensemble.diversity=folds"), "needs two members or more"),
        (("--folds", "2", "-o", "data.split={fold: 0}"), "takes one fold"),
        (("--folds", "60"), "folds of 48"),
        (("--folds", "2", "-o", "training.early_stopping_epochs=3"), "keeps each fold unseen"),
    ],
)
def test_folds_that_cannot_be_are_refused(digits, tmp_path, tfuq, options, words):
    config = tmp_path / "digits.yaml"
    config.write_text(task_settings("classification", digits, "deterministic").dump())
    result = tfuq("train", config, "--run", tmp_path / "run", *options)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert not (tmp_path / "run").exists()


def test_members_without_folds_have_no_case_left_out(trained_task, tfuq):
    run = trained_task("classification", "ensemble")
    assert_refused(tfuq("predict", run.path, "--out-of-fold"), "train with tfuq train --folds 5")
