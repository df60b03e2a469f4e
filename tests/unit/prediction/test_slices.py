"""A cohort cut into slices, and gathered again."""

from pathlib import Path

import pytest

from tests.conftest import files_of
from tfuq import prediction
from tfuq.data.locks import exclusive
from tfuq.errors import RunError
from tfuq.execution.serial import Part, PartDoneError
from tfuq.prediction import make_predictor, predict, request_of
from tfuq.prediction.slices import Cohort, take_in_slices
from tfuq.runs.results import read_manifest


@pytest.fixture(params=["segmentation", "landmarks"])
def predictor(request, trained, trained_task):
    run = trained("mc-dropout")
    if request.param != "segmentation":
        run = trained_task(request.param, "mc-dropout")
    return make_predictor(run, request_of(run.config, "mc-dropout", 2, 0))


def predict_part(predictor, cases, folder, index, count):
    with pytest.raises(PartDoneError):
        predict(predictor, cases, folder, executor=Part(index, count))


def contents(folder: Path) -> dict[str, bytes]:
    """The files of predictions by their names, without how long they took."""
    kept = {}
    for name, content in files_of(folder).items():
        if not Path(name).name.startswith(".") and Path(name).name != "manifest.json":
            kept[name] = content
    return kept


def test_parts_make_what_one_process_makes(predictor, tmp_path):
    cases = prediction.cases_of_test_split(predictor.run)
    predict(predictor, cases, tmp_path / "whole")
    for index in range(2):
        predict_part(predictor, cases, tmp_path / "parts", index, 2)
    assert read_manifest(tmp_path / "parts").cases == {}
    gathered = predict(predictor, cases, tmp_path / "parts")
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")
    assert set(gathered.cases) == {case.id for case in cases}
    assert not (tmp_path / "parts" / ".slices").exists()


def test_what_a_part_has_left_is_predicted(predictor, tmp_path):
    cases = prediction.cases_of_test_split(predictor.run)
    predict(predictor, cases, tmp_path / "whole")
    predict_part(predictor, cases, tmp_path / "parts", 1, 2)
    predict(predictor, cases, tmp_path / "parts")
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_a_case_stays_in_its_slice_when_others_are_finished(predictor, tmp_path):
    cases = prediction.cases_of_test_split(predictor.run)
    manifest = predict(predictor, cases[:1], tmp_path)
    cohort = Cohort(predictor=predictor, cases=cases, folder=tmp_path, manifest=manifest)
    first, second = cohort.tasks(2, print, None)
    assert [case.id for case in first.arguments[2]] == [case.id for case in cases[2::2]]
    assert [case.id for case in second.arguments[2]] == [case.id for case in cases[1::2]]
    assert first.is_done == (not cases[2::2])


def test_a_slice_that_is_predicted_is_left_alone(predictor, tmp_path):
    cases = prediction.cases_of_test_split(predictor.run)
    manifest = predict(predictor, cases[:1], tmp_path)
    with (
        exclusive(tmp_path / ".slices" / "0-of-2", "predicting into"),
        pytest.raises(RunError, match="another process is predicting into"),
    ):
        take_in_slices(predictor, tmp_path, manifest)
