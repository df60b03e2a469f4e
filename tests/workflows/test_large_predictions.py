"""Volumes that are sampled part by part, onto disk, have every file to the byte of those sampled in memory."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import assert_refused, files_of
from tfuq.prediction import cases_of_test_split, large, make_predictor, predict, request_of
from tfuq.runs import Run
from tfuq.workflows.calibrate.fit import Choices
from tfuq.workflows.calibrate.segmentation import SegmentationFit
from tfuq.workflows.shift.plan import Plan
from tfuq.workflows.shift.volumes import VolumeMeasurer

ROWS = [
    # method, rank, sections of the configuration, options of the request
    ("mc-dropout", 3, {}, {"keep_samples": True}),
]
SLOW = [
    ("vi", 3, {}, {}),
    ("deterministic", 3, {}, {}),
    ("hybrid", 3, {}, {"keep_members": True}),
    ("hybrid", 2, {}, {"keep_members": True, "keep_samples": True}),
    ("mc-dropout", 3, {"preprocessing": {"spacing": [1.0, 1.0, 1.0]}}, {}),
    ("mc-dropout", 2, {"preprocessing": {"spacing": [1.3, 1.1, 1.0]}}, {"keep_samples": True}),
]


def rows():
    return [*ROWS, *(pytest.param(*row, marks=pytest.mark.slow) for row in SLOW)]


def altered(run: Run, sections: dict) -> Run:
    """The run with other settings of sections."""
    updates = {}
    for name, values in sections.items():
        updates[name] = getattr(run.config, name).model_copy(update=values)
    return Run(run.path, run.config.model_copy(update=updates))


def part_by_part(monkeypatch):
    monkeypatch.setattr(large, "MOST_IN_GRAPH", 0)
    monkeypatch.setattr(large, "PART_BYTES", 500_000)


@pytest.mark.parametrize(("method", "rank", "sections", "options"), rows())
def test_every_file_has_the_bytes_of_the_whole(
    trained, tmp_path, monkeypatch, method, rank, sections, options
):
    run = altered(trained(method, rank), sections)
    request = replace(request_of(run.config, method, 3, 5), **options)
    cases = cases_of_test_split(run)[:1]

    def files(folder):
        predict(make_predictor(run, request), cases, folder)
        return files_of(folder / cases[0].id)

    expected = files(tmp_path / "whole")
    part_by_part(monkeypatch)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    Path(tempfile.tempdir).mkdir()
    found = files(tmp_path / "parts")
    assert [*Path(tempfile.tempdir).glob("tfuq-*")] == []
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


@pytest.mark.slow
@pytest.mark.parametrize("rank", [3, pytest.param(2, marks=pytest.mark.slow)])
def test_a_calibration_by_parts_is_that_of_the_whole(trained, monkeypatch, rank):
    run = trained("mc-dropout", rank)
    cases = cases_of_test_split(run)

    def calibrated():
        choices = Choices(source="test:0.5", alpha=0.5)
        fit = SegmentationFit(run, request_of(run.config, "mc-dropout", 3, 5), choices)
        assert len([*fit.gather(cases)]) == len(cases)
        return fit.scaling(), fit.thresholds(), fit.observed

    expected = calibrated()
    part_by_part(monkeypatch)
    assert calibrated() == expected


def test_a_shift_by_parts_is_that_of_the_whole(trained, tmp_path, monkeypatch):
    run = trained("mc-dropout")
    cases = cases_of_test_split(run)[:1]
    plan = Plan(perturbation="noise", severities=(1.0,))

    def measured(folder):
        measurer = VolumeMeasurer(
            make_predictor(run, request_of(run.config, "mc-dropout", 3, 5)), plan
        )
        found = measurer.measure(cases, 1.0, folder)
        return found.scores, found.rows, found.wrong_ratios, files_of(folder / cases[0].id)

    expected = measured(tmp_path / "whole")
    part_by_part(monkeypatch)
    assert measured(tmp_path / "parts") == expected


def test_a_case_that_the_disk_has_no_room_for_is_refused(trained, tfuq, tmp_path, monkeypatch):
    part_by_part(monkeypatch)
    monkeypatch.setattr(large, "temporary_room", lambda: 1000)
    result = tfuq("predict", trained("mc-dropout").path, "--out", tmp_path / "out")
    assert_refused(result, "18×17×16 voxels, T = 4", "temporary files", "TMPDIR")
    assert not [*(tmp_path / "out").glob("*/label.nii.gz")]
