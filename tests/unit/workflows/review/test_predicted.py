"""Predicted cases have the files of the data set, or those of the manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.made import make_predictions, make_run
from tfuq.data.layouts import cases_of
from tfuq.runs.results import read_manifest
from tfuq.workflows.review.predicted import PredictedCases


@pytest.fixture(scope="module")
def predicted(balls, tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("made") / "run", "segmentation", balls)
    return run, read_manifest(make_predictions(run, "hybrid", most=2))


def test_a_case_is_that_of_the_data_set(predicted):
    run, manifest = predicted
    known = {case.id: case for case in cases_of(run.config.data)}
    for case_id in manifest.cases:
        assert PredictedCases(run, manifest).case(case_id) == known[case_id]


def test_of_other_files_a_case_is_what_the_manifest_says(predicted):
    run, manifest = predicted
    case_id = min(manifest.cases)
    entry = replace(
        manifest.cases[case_id], images=["/elsewhere/a.nii"], label=None, series="1.2.3"
    )
    other = replace(manifest, cases={case_id: entry})
    case = PredictedCases(run, other).case(case_id)
    assert case.images == (Path("/elsewhere/a.nii"),)
    assert case.label is None
    assert case.series == "1.2.3", "a folder of several series is read as it was predicted"
    assert case.classes == tuple(run.config.data.classes)
