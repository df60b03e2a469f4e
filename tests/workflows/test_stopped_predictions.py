"""Predictions that were stopped: whoever reads them says which cases are missing."""

import json
import shutil

import pytest

from tests.conftest import assert_refused
from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.editing import edited
from tests.support.made import make_predictions, make_run
from tfuq.data.events import CasePredicted
from tfuq.prediction import cases_of_test_split, predict
from tfuq.runs import open_run, results

TEXT = "2 of 4 cases are missing: z-1, z-2"


class StoppedError(Exception):
    """Stands for Ctrl-C."""


class StopsAt:
    """An observer that stops a prediction once it has so many cases."""

    def __init__(self, count):
        self._left = count

    def notify(self, event):
        assert isinstance(event, CasePredicted)
        self._left -= 1
        if self._left == 0:
            raise StoppedError


@pytest.mark.parametrize(("task", "finished"), [("segmentation", 2), ("classification", 4)])
def test_a_stopped_prediction_names_what_it_has_not_finished(
    task, finished, balls, digits, tmp_path
):
    """Rows of tables are listed after a batch of four images."""
    root = balls if task == "segmentation" else digits
    run = make_finished_run(tmp_path / "run", task, root)
    predictor = make_given_predictor(run)
    cases = cases_of_test_split(run)
    folder = tmp_path / "predictions"
    with pytest.raises(StoppedError):
        predict(predictor, cases[:6], folder, observer=StopsAt(2))
    manifest = results.read_manifest(folder)
    assert manifest.missing == [case.id for case in cases[finished:6]]
    predict(predictor, cases[6:7], folder)
    manifest = results.read_manifest(folder)
    assert manifest.missing == [case.id for case in cases[finished:6]], "by another call neither"
    predict(predictor, cases[:7], folder)
    assert results.read_manifest(folder).missing == []


@pytest.fixture
def stopped(digits, tmp_path):
    """Predictions of two images, of four that were asked for."""
    run = make_run(tmp_path / "run", "classification", digits)
    folder = make_predictions(run, "hybrid", most=2)
    ids = results.read_manifest(folder).cases
    edited(folder / "manifest.json", lambda manifest: manifest.update(asked=[*ids, "z-1", "z-2"]))
    return folder


def test_scores_their_comparison_and_report_tell_how_many_cases_there_are(stopped, tfuq, tmp_path):
    scored = tfuq("score", stopped)
    assert TEXT in scored.stdout
    assert f"warning: {stopped}: {TEXT}; run the same tfuq predict again" in scored.stderr
    scores = stopped.parents[1] / "scores" / "hybrid"
    summary = json.loads((scores / "summary.json").read_text())
    assert (summary["cases"], summary["missing_cases"]) == (2, ["z-1", "z-2"])
    other = shutil.copytree(scores, tmp_path / "other")
    edited(other / "summary.json", lambda summary: summary.update(missing_cases=[], method="vi"))
    compared = tfuq("compare", scores, other).stdout
    assert f"Warning: of hybrid, {TEXT}; run the same tfuq predict again" in compared
    assert "Warning: of vi" not in compared
    reported = tfuq("report", scores, "--out", tmp_path / "page.html")
    assert f"warning: {scores}: {TEXT}" in reported.stderr
    assert f"Warning: of hybrid, {TEXT}" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize("command", ["review", "report", "doctor"])
def test_whatever_reads_predictions_names_what_is_missing(command, stopped, tfuq):
    read = stopped.parents[1] if command == "doctor" else stopped
    result = tfuq(command, read)
    assert TEXT in result.output
    assert "run the same tfuq predict again" in result.output


def test_a_review_of_a_prediction_that_has_no_case_yet_is_refused(stopped, tfuq):
    edited(stopped / "manifest.json", lambda manifest: manifest.update(cases={}))
    assert_refused(tfuq("review", stopped), f"{stopped}: holds no case; run tfuq predict")


def test_a_review_that_lacks_cases_is_not_clear(stopped, tfuq):
    from tfuq.workflows.review import Review

    assert tfuq("review", stopped).exit_code == 0
    folder = stopped.parents[1] / "reviews" / "hybrid"
    summary = json.loads((folder / "review.json").read_text())
    assert summary["missing_cases"] == ["z-1", "z-2"]
    kept = summary | {"decided": True, "referred": 0}
    assert not Review(folder=folder, summary=kept).is_clear
    assert Review(folder=folder, summary=kept | {"missing_cases": []}).is_clear


@pytest.mark.parametrize("command", ["score", "review"])
def test_whatever_reads_predictions_says_why_a_case_is_missing(command, stopped, tfuq):
    reason = "z-1.png: not a readable image; replace it"
    edited(stopped / "manifest.json", lambda manifest: manifest.update(failed={"z-1": reason}))
    result = tfuq(command, stopped)
    assert result.exit_code == 0
    assert f"z-1 was not predicted: {reason}" in result.stderr


@pytest.fixture
def scans(trained, tmp_path):
    """A trained run, and two of its scans with one that is damaged."""
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    folder = tmp_path / "scans"
    folder.mkdir()
    for case in cases_of_test_split(open_run(run)):
        shutil.copy(case.images[0], folder)
    (folder / "ball_999.nii.gz").write_bytes(b"no scan")
    return run, folder


def test_a_damaged_scan_ends_the_command_with_its_name_when_the_others_are_done(scans, tfuq):
    run, folder = scans
    result = tfuq("predict", run, "--input", folder, "--samples", 2)
    assert_refused(result, "ball_999.nii.gz: not a readable NIfTI")
    predictions = run / "predictions" / "mc-dropout-input"
    manifest = results.read_manifest(predictions)
    assert manifest.missing == ["ball_999"]
    assert len(manifest.cases) == 2


def test_a_review_goes_on_without_a_damaged_scan(scans, tfuq):
    run, folder = scans
    result = tfuq("review", run, "--input", folder, "--samples", 2)
    assert result.exit_code == 2
    assert "2 case(s) in" in result.stdout
    assert "1 of 3 cases is missing: ball_999" in result.stderr
    assert "ball_999 was not predicted" in result.stderr
    summary = json.loads((run / "reviews" / "mc-dropout-input" / "review.json").read_text())
    assert list(summary["reasons_of_missing"]) == ["ball_999"]
    assert "ball_999.nii.gz: not a readable NIfTI" in summary["reasons_of_missing"]["ball_999"]
    (folder / "ball_999.nii.gz").unlink()
    result = tfuq("review", run, "--input", folder, "--samples", 2)
    assert result.exit_code == 0
    assert "earlier calls" not in result.stdout
    one = sorted(folder.iterdir())[0]
    result = tfuq("review", run, "--input", one, "--samples", 2)
    assert "also holds 1 case(s) of earlier calls, which are reviewed too" in result.stdout
