"""Predictions without scores as a source of a report."""

import shutil

import pytest

from tests.support.score_requests import request_of
from tfuq.errors import DataError
from tfuq.report.page.predicted import Predicted
from tfuq.report.page.sources import read_sources

TASKS = ("segmentation", "classification", "landmarks")


def source_of(scored_tasks, task):
    folder = request_of(scored_tasks[task][0]).folder
    (source,) = read_sources([folder])
    assert isinstance(source, Predicted)
    return source


@pytest.mark.parametrize("task", TASKS)
def test_predictions_have_cases_and_no_scores(task, scored_tasks):
    source = source_of(scored_tasks, task)
    assert (source.task, source.heading, source.has_scores) == (task, "hybrid, T = 4", False)
    assert len(source.cases) == len(source.present_manifest.cases)
    assert (source.tables, source.figures, source.parts) == ({}, [], [])
    assert source.reference is None


def test_references_are_those_that_the_manifest_names(scored_tasks):
    source = source_of(scored_tasks, "segmentation")
    manifest = source.present_manifest
    assert all(case.has_reference for case in source.volumes(manifest))
    first = min(manifest.cases)
    manifest.cases[first].label = None
    without = [case.id for case in source.volumes(manifest) if not case.has_reference]
    assert without == [first]


def test_images_are_those_of_the_data_set_or_of_the_manifest(scored_tasks, tmp_path, monkeypatch):
    source = source_of(scored_tasks, "landmarks")
    assert all(case.has_reference for case in source.images().values())

    def gone(data):
        raise DataError("gone")

    monkeypatch.setattr("tfuq.report.page.predicted.cases_of", gone)
    cases = source.images()
    assert set(cases) == set(source.present_manifest.cases)
    assert not any(case.has_reference for case in cases.values())


def test_a_folder_without_cases_is_refused(scored_tasks, tmp_path):
    source = source_of(scored_tasks, "segmentation")
    folder = shutil.copytree(source.folder, tmp_path / "run" / "predictions" / "x")
    manifest = Predicted(name="x", folder=folder).present_manifest
    manifest.cases = {}
    manifest.write(folder)
    with pytest.raises(DataError, match="hold no case"):
        _ = Predicted(name="x", folder=folder).cases
