"""A predictions folder that several processes write: who shares it, and who is refused."""

import json
import threading
import time

import pytest

from tests.conftest import files_of
from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.observers import Recorder
from tests.support.sharing import taking_part
from tfuq.data.claims import SHARING
from tfuq.data.events import SILENT
from tfuq.data.writers import whole_folder
from tfuq.errors import RunError
from tfuq.prediction import cases_of_test_split, predict
from tfuq.prediction.case_folder import CASE
from tfuq.prediction.shared import SharedFolder
from tfuq.runs import results
from tfuq.runs.results import read_manifest


@pytest.fixture(params=["segmentation", "landmarks"])
def predictor(request, balls, heads, tmp_path):
    root = balls if request.param == "segmentation" else heads
    return make_given_predictor(make_finished_run(tmp_path / "run", request.param, root))


@pytest.fixture
def volumes(balls, tmp_path):
    return make_given_predictor(make_finished_run(tmp_path / "run", "segmentation", balls))


def pieces_of(predictor, cases):
    """The ids of the cases that are claimed together."""
    size = predictor.cases_at_once
    ids = [case.id for case in cases]
    return [ids[start : start + size] for start in range(0, len(ids), size)]


@pytest.fixture
def whole(predictor, tmp_path):
    """The files that one process makes of five cases."""
    cases = cases_of_test_split(predictor.run)[:5]
    predict(predictor, cases, tmp_path / "whole")
    return files_of(tmp_path / "whole")


def test_what_a_killed_process_had_claimed_is_predicted(predictor, whole, tmp_path):
    cases = cases_of_test_split(predictor.run)[:5]
    folder = tmp_path / "out"
    results.begin(folder, predictor.manifest())
    with taking_part(folder, predictor.files, pieces_of(predictor, cases)[:1]) as other:
        threading.Timer(1.0, other.send, ["die"]).start()
        predict(predictor, cases, folder)
    assert files_of(folder) == whole
    left = {path.name for path in folder.iterdir() if path.name.startswith(".")}
    assert left == {".lock", ".tfuq"}


def test_what_another_process_works_on_is_left_to_it(volumes, tmp_path):
    cases = cases_of_test_split(volumes.run)[:3]
    folder = tmp_path / "out"
    results.begin(folder, volumes.manifest())
    recorder = Recorder()
    with taking_part(folder, volumes.files, [[cases[1].id]]) as other:
        predicting = threading.Thread(
            target=predict, args=(volumes, cases, folder), kwargs={"observer": recorder}
        )
        predicting.start()
        while len(read_manifest(folder).cases) < 2:
            time.sleep(0.05)
        time.sleep(0.5)
        assert [event.case for event in recorder.events] == [cases[0].id, cases[2].id]
        other.send("die")
        predicting.join()
    assert [event.case for event in recorder.events] == [cases[0].id, cases[2].id, cases[1].id]


def test_cases_of_several_requests_are_all_asked_for(volumes, tmp_path):
    cases = cases_of_test_split(volumes.run)
    folder = tmp_path / "out"
    with SharedFolder(volumes, cases[:2], folder, overwrite=False):
        predict(volumes, cases[1:3], folder)
    manifest = read_manifest(folder)
    assert manifest.asked == [case.id for case in cases[:3]]
    assert manifest.missing == [cases[0].id]


def test_the_last_process_enters_what_all_have_finished(volumes, tmp_path):
    cases = cases_of_test_split(volumes.run)[:2]
    folder = tmp_path / "out"
    with SharedFolder(volumes, cases, folder, overwrite=False):
        predict(volumes, cases, folder)
        assert json.loads((folder / "manifest.json").read_text())["cases"] == {}
        assert set(read_manifest(folder).cases) == {case.id for case in cases}
    assert set(json.loads((folder / "manifest.json").read_text())["cases"]) == {
        case.id for case in cases
    }


@pytest.mark.parametrize(
    ("changes", "overwrite", "words"),
    [
        ({"written_maps": ("mutual_information",)}, False, "and writes other files .label, prob"),
        ({"seed": 6}, False, "holds predictions of"),
        ({}, True, "another process is predicting into it; wait"),
    ],
)
def test_another_request_is_refused_while_a_process_predicts(
    volumes, tmp_path, changes, overwrite, words
):
    cases = cases_of_test_split(volumes.run)[:2]
    folder = tmp_path / "out"
    other = make_given_predictor(volumes.run, **changes)
    with SharedFolder(volumes, cases, folder, overwrite=False):
        before = files_of(folder)
        with pytest.raises(RunError, match=words):
            predict(other, cases, folder, overwrite=overwrite)
        assert files_of(folder) == before


def test_what_others_leave_unfinished_stays_while_they_live(volumes, tmp_path):
    cases = cases_of_test_split(volumes.run)[:2]
    folder = tmp_path / "out"
    with (
        SharedFolder(volumes, cases, folder, overwrite=False),
        whole_folder(folder / cases[0].id, CASE) as draft,
        SharedFolder(volumes, cases, folder, overwrite=False),
    ):
        assert draft.is_dir()


def test_cases_that_are_claimed_together_are_the_same_for_all(predictor, tmp_path):
    """Whatever is finished, so that no two processes predict the same."""
    cases = cases_of_test_split(predictor.run)[:5]
    with SharedFolder(predictor, cases, tmp_path / "one", overwrite=False) as shared:
        before = shared.remaining(SILENT)
    predict(predictor, cases[1:2], tmp_path / "two")
    with SharedFolder(predictor, cases, tmp_path / "two", overwrite=False) as shared:
        after = shared.remaining(SILENT)
    assert {piece.work for piece in after} <= {piece.work for piece in before}
    assert sum(len(piece.cases) for piece in after) == 4


def test_an_error_leaves_the_cases_in_the_manifest(volumes, tmp_path):
    cases = cases_of_test_split(volumes.run)[:2]

    def predict_one_and_fail():
        with SharedFolder(volumes, cases, tmp_path / "out", overwrite=False) as shared:
            shared.finish(cases[0], {})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_one_and_fail()
    stored = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert list(stored["cases"]) == [cases[0].id]
    assert not (tmp_path / "out" / SHARING).exists()
