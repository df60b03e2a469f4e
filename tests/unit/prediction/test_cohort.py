"""A cohort: a case that cannot be predicted ends nothing, and tasks share the rest."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import files_of
from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.observers import Recorder
from tests.support.replies import true_reply
from tfuq.data.events import CasePredicted, TaskLost
from tfuq.errors import RunError
from tfuq.execution.serial import Part, PartDoneError
from tfuq.prediction import CasesFailedError, cases_of_test_split, make_predictor, predict
from tfuq.prediction.cohort import OwnCases
from tfuq.prediction.request import request_of
from tfuq.runs.results import read_manifest


@pytest.fixture(params=["segmentation", "landmarks"])
def run(request, balls, heads, tmp_path):
    """A run of a data set of its own, whose files may be damaged."""
    root = tmp_path / "data"
    shutil.copytree(balls if request.param == "segmentation" else heads, root)
    return make_finished_run(tmp_path / "run", request.param, root)


@pytest.fixture
def predictor(run):
    """What it draws of an image does not depend on the others of its batch."""

    def draw(images, _):
        of_one = true_reply(run.config, (1, *images.shape[1:]))
        return {name: np.repeat(array, len(images), 0) for name, array in of_one.items()}

    return make_given_predictor(run, draw)


def damage(case):
    """Let a case's image be unreadable; give back what mends it."""
    (path,) = case.images
    content = path.read_bytes()
    path.write_bytes(b"no image")
    return lambda: path.write_bytes(content)


def test_a_case_that_cannot_be_read_does_not_end_the_cohort(run, predictor, tmp_path):
    cases = cases_of_test_split(run)[:5]
    predict(predictor, cases, tmp_path / "whole")
    mend = damage(cases[1])
    with pytest.raises(CasesFailedError) as failed:
        predict(predictor, cases, tmp_path / "out")
    assert str(failed.value).startswith(str(cases[1].images[0])), "its own error, as it is alone"
    manifest = read_manifest(tmp_path / "out")
    assert manifest.missing == [cases[1].id]
    assert manifest.failed == {cases[1].id: str(failed.value)}
    mend()
    predict(predictor, cases, tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")
    assert read_manifest(tmp_path / "out").failed == {}


def test_each_of_several_is_named_with_its_reason(run, predictor, tmp_path, caplog):
    cases = cases_of_test_split(run)[:4]
    damage(cases[0])
    damage(cases[3])
    with pytest.raises(CasesFailedError, match="2 of 4 cases cannot be predicted") as failed:
        predict(predictor, cases, tmp_path / "out")
    assert f"({cases[0].id}, {cases[3].id}), the others are; mend" in str(failed.value)
    for case in (cases[0], cases[3]):
        assert (
            f"warning: {case.id} is not predicted: {failed.value.reasons[case.id]}" in caplog.text
        )


def test_where_every_case_failed_no_others_are_spoken_of():
    failed = CasesFailedError(Path("out"), {"a": "not readable", "b": "not readable"}, 2)
    assert str(failed).startswith(
        "out: 2 of 2 cases cannot be predicted (a, b); mend what is wrong"
    )


def test_who_asks_for_the_others_alone_is_done(run, predictor, tmp_path):
    cases = cases_of_test_split(run)[:3]
    damage(cases[0])
    with pytest.raises(CasesFailedError):
        predict(predictor, cases, tmp_path / "out")
    predict(predictor, cases[1:], tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    assert (manifest.missing, manifest.failed) == ([], {})


def test_what_cannot_be_written_ends_the_prediction(run, predictor, tmp_path, monkeypatch):
    def full(*_, **__):
        raise RunError("no room")

    monkeypatch.setattr("tfuq.prediction.shared.SharedFolder.finish", full)
    with pytest.raises(RunError, match="no room"):
        predict(predictor, cases_of_test_split(run)[:3], tmp_path / "out")
    assert read_manifest(tmp_path / "out").failed == {}


def test_a_process_among_several_tells_of_its_own_cases():
    recorder = Recorder()
    observer = OwnCases(recorder)
    own = CasePredicted(case="a", seconds={"read": 1.0})
    lost = TaskLost(task="share 1 of 2", reason="died", attempt=1, most=3)
    for event in (own, CasePredicted(case="b", seconds=None), lost):
        observer.notify(event)
    assert recorder.events == [own, lost]


@pytest.mark.parametrize(
    "task", ["segmentation", pytest.param("landmarks", marks=pytest.mark.slow)]
)
def test_parts_make_what_one_process_makes(task, trained, trained_task, tmp_path):
    run = trained("mc-dropout")
    if task != "segmentation":
        run = trained_task(task, "mc-dropout")
    predictor = make_predictor(run, request_of(run.config, "mc-dropout", 2, 0))
    cases = cases_of_test_split(run)
    predict(predictor, cases, tmp_path / "whole")
    for index in range(2):
        with pytest.raises(PartDoneError, match=f"share {index + 1} of 2"):
            predict(predictor, cases, tmp_path / "parts", executor=Part(index, 2))
    predict(predictor, cases, tmp_path / "parts")
    assert files_of(tmp_path / "parts") == files_of(tmp_path / "whole")
