"""What is looked at, from each folder that a person may name."""

from __future__ import annotations

import json
import shutil

import pytest

from tfuq.data.writers import write_json
from tfuq.errors import RunError
from tfuq.workflows.review import review
from tfuq.workflows.view.targets import find_target


@pytest.fixture
def own(targets, tmp_path):
    """A copy of predictions in a run."""
    run = shutil.copytree(targets("segmentation").run.path, tmp_path / "run")
    manifest = run / "predictions" / "hybrid" / "manifest.json"
    write_json(manifest, json.loads(manifest.read_text()) | {"run": str(run)})
    return run


def test_a_run_its_predictions_and_their_review_are_one_target(own):
    predictions = own / "predictions" / "hybrid"
    for path in (own, predictions):
        target = find_target(path)
        assert target.predictions == predictions
        assert target.review == own / "reviews" / "hybrid"
        assert not target.has_review
    folder = review(predictions, own.parent / "elsewhere").folder
    target = find_target(folder)
    assert target.predictions == predictions
    assert target.review == folder
    assert target.has_review


def test_the_method_says_which_predictions(own):
    with pytest.raises(RunError, match="has no predictions of vi; it has hybrid"):
        find_target(own, "vi")
    predictions = own / "predictions"
    (predictions / "hybrid").rename(predictions / "ensemble")
    assert find_target(own).predictions == predictions / "ensemble"
    shutil.rmtree(predictions)
    with pytest.raises(RunError, match=r"run tfuq predict .* --method hybrid"):
        find_target(own)


def test_a_review_of_predictions_that_are_gone_is_refused(own):
    folder = review(own / "predictions" / "hybrid", own.parent / "elsewhere").folder
    shutil.rmtree(own / "predictions")
    with pytest.raises(RunError, match=r"its predictions .* are gone"):
        find_target(folder)
    write_json(folder / "review.json", {"cases": 1})
    with pytest.raises(RunError, match="does not say what it is of"):
        find_target(folder)


def test_predictions_without_a_case_are_refused(own):
    manifest = own / "predictions" / "hybrid" / "manifest.json"
    write_json(manifest, json.loads(manifest.read_text()) | {"cases": {}})
    with pytest.raises(RunError, match="holds no case; run tfuq predict"):
        find_target(own)


def test_cases_that_are_missing_are_named(own, caplog):
    manifest = own / "predictions" / "hybrid" / "manifest.json"
    stored = json.loads(manifest.read_text())
    write_json(manifest, stored | {"asked": [*stored["cases"], "z-1"]})
    find_target(own)
    assert "is missing: z-1; run the same tfuq predict again" in caplog.text


def test_another_method_than_that_of_the_predictions_is_refused(own):
    predictions = own / "predictions" / "hybrid"
    assert find_target(predictions, "hybrid").predictions == predictions
    with pytest.raises(RunError, match=r"--method vi: .* of predictions of hybrid; leave it out"):
        find_target(predictions, "vi")
    folder = review(predictions, own.parent / "elsewhere").folder
    with pytest.raises(RunError, match=r"--method vi: .*elsewhere is of predictions of hybrid"):
        find_target(folder, "vi")


def test_what_is_none_of_the_three_is_refused_by_what_may_be_given(tmp_path):
    with pytest.raises(RunError, match=r"not a run, predictions or a review; .*tfuq review wrote"):
        find_target(tmp_path)
