"""An observer is notified of each event of a workflow, in order."""

import sys

import pytest

from tests.conftest import settings
from tests.support.observers import Recorder
from tfuq import config as configuration
from tfuq import prediction
from tfuq.data.checks import check_data
from tfuq.data.events import (
    CaseChecked,
    CasePredicted,
    CaseScored,
    CasesSampled,
    SeverityDone,
    TableScored,
    TaskEnded,
)
from tfuq.runs.results import read_manifest
from tfuq.scoring.evaluation import predictions_of, score_folder
from tfuq.workflows.calibrate import Choices, calibrate
from tfuq.workflows.shift import Plan, shift
from tfuq.workflows.study import run_study


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture(scope="module")
def own_run(balls, tmp_path_factory):
    """A run whose folder is this module's alone."""
    from tfuq.training import train

    return train(settings(balls, rank=2), tmp_path_factory.mktemp("observed") / "run")


def request_of(run):
    return prediction.request_of(run.config, "mc-dropout", 2, 0)


@pytest.mark.slow
def test_each_case_that_is_predicted_and_whether_it_was_complete(own_run, recorder, tmp_path):
    predictor = prediction.make_predictor(own_run, request_of(own_run))
    cases = prediction.cases_of_test_split(own_run)
    for _ in range(2):
        prediction.predict(predictor, cases, tmp_path / "out", observer=recorder)
    ids = own_run.split["test"]
    stored = read_manifest(tmp_path / "out").cases
    first, again = recorder.events[: len(ids)], recorder.events[len(ids) :]
    assert [(event.case, event.seconds) for event in first] == [
        (name, stored[name].seconds) for name in ids
    ]
    assert again == [CasePredicted(case=name, seconds=None) for name in ids]


def test_each_case_that_is_scored(scored_tasks, recorder):
    score_folder(predictions_of(scored_tasks["segmentation"][0]), None, observer=recorder)
    predicted = read_manifest(predictions_of(scored_tasks["segmentation"][0])).cases
    assert recorder.events == [CaseScored(case=name) for name in predicted]


@pytest.mark.parametrize("task", ["classification", "landmarks"])
def test_the_table_that_is_scored(scored_tasks, recorder, task):
    folder = predictions_of(scored_tasks[task][0])
    score_folder(folder, None, observer=recorder)
    assert recorder.events == [TableScored(cases=len(read_manifest(folder).cases))]


def test_each_case_that_is_checked(own_balls, recorder):
    (own_balls / "imagesTr" / "ball_001.nii.gz").write_bytes(b"no image")
    config = configuration.load(str(own_balls.parent / "config.yaml"))
    reports = check_data(config, observer=recorder)
    assert recorder.events == [CaseChecked(case=one.id, problem=one.problem) for one in reports]
    assert [event.case for event in recorder.events if event.problem] == ["ball_001"]


@pytest.mark.slow
def test_each_case_that_a_calibration_samples(own_run, recorder):
    cases = prediction.calibration_cases(own_run, "test:0.5", 0)
    choices = Choices(source="test:0.5", alpha=0.6, kind="temperature")
    calibrate(own_run, request_of(own_run), cases, choices, observer=recorder)
    assert recorder.events == [CasesSampled(done=1, total=1, description=cases[0].id)]


def test_each_severity_and_whether_it_was_complete(own_run, recorder):
    plan = Plan(perturbation="noise", severities=(0.0, 0.5))
    for _ in range(2):
        shift(own_run, [request_of(own_run)], plan, observer=recorder)
    done = [event for event in recorder.events if isinstance(event, SeverityDone)]
    first, again = done[:2], done[2:]
    assert [(event.method, event.severity) for event in first] == [
        ("mc-dropout", 0.0),
        ("mc-dropout", 0.5),
    ]
    assert all(event.scores for event in first)
    assert again == [
        SeverityDone(method="mc-dropout", severity=severity, scores=None) for severity in (0.0, 0.5)
    ]


def test_each_cell_of_a_study_and_what_went_wrong(recorder, tmp_path):
    study = configuration.load_study("quickstart_training_size")
    axes = {"training cases": {"data.split.use": [1, 2]}, "method": {"method": ["vi"]}}
    study = study.model_copy(update={"axes": axes})
    with pytest.raises(Exception, match="cells failed"):
        run_study(
            study,
            tmp_path / "out",
            program=(sys.executable, "-c", "raise SystemExit(3)"),
            observer=recorder,
        )
    assert [event.done for event in recorder.events] == list(range(1, study.cells + 1))
    for event in recorder.events:
        assert isinstance(event, TaskEnded)
        assert event.total == study.cells
        assert "exit code 3" in event.error
