"""Calibrations as a run keeps them."""

import hashlib
import json
from dataclasses import replace

import pytest

from tests.support.editing import edited
from tests.support.made import make_run
from tfuq.calibration.records import (
    Calibration,
    Conformal,
    Scaling,
    calibration_of,
    calibration_path,
    files_of,
    has_calibration,
    how_to_calibrate,
    load_calibration,
    read_calibration,
    selection_caveat,
)
from tfuq.data.cases import Case
from tfuq.errors import DataError, RunError
from tfuq.runs import Run, results


def a_calibration(run: Run) -> Calibration:
    draws = results.Manifest(
        run=str(run.path),
        method="hybrid",
        samples=4,
        seed=0,
        weights_digest=["a"],
        tfuq_version="0.1.0",
    )
    scaling = Scaling(
        kind="vector", weights=[1.0] * 10, bias=[0.0] * 10, nll_before=1.0, nll_after=0.9, items=20
    )
    return Calibration(
        draws=draws,
        source="validation",
        cases={},
        scaling=scaling,
        conformal=Conformal(alpha=0.1, sets={"lac": 0.5}),
    )


def test_the_digest_is_of_the_calibration_that_was_read(digits_run):
    path, written = calibration_path(digits_run, "hybrid"), a_calibration(digits_run)
    written.write(path)
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    found = read_calibration(digits_run, written.draws)
    edited(path, lambda content: content["conformal"]["sets"].update(lac=0.9))
    assert found.conformal.sets == {"lac": 0.5}
    assert found.digest == expected
    assert "digest" not in json.loads(path.read_text())


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["scaling"]["weights"].pop(),
        lambda content: content["scaling"]["weights"].__setitem__(0, float("nan")),
        lambda content: content["scaling"].update(bias=[1e30] * 10),
        lambda content: content["conformal"].update(alpha=1.5),
        lambda content: content["conformal"]["sets"].update(other=0.5),
        lambda content: content["conformal"].update(radii={"S": 1.0}),
        lambda content: content["conformal"].update(volumes={"ball": 1e4}),
    ],
)
def test_a_calibration_of_something_else_is_refused(digits_run, change):
    written = a_calibration(digits_run)
    written.write(calibration_path(digits_run, "hybrid"))
    assert read_calibration(digits_run, written.draws).conformal.alpha == 0.1
    edited(calibration_path(digits_run, "hybrid"), change)
    with pytest.raises(RunError, match=r"hybrid.json: .*calibrate again with --overwrite"):
        read_calibration(digits_run, written.draws)


@pytest.fixture
def digits_run(digits, tmp_path):
    return make_run(tmp_path / "run", "classification", digits)


def test_a_calibration_reads_back(digits_run, tmp_path):
    written = a_calibration(digits_run)
    written.caveat = "few"
    written.write(tmp_path / "c.json")
    read = load_calibration(tmp_path / "c.json")
    assert read.digest
    assert replace(read, digest=None) == written


def test_the_command_names_cases_where_none_are_set_aside(digits_run):
    draws = a_calibration(digits_run).draws
    assert how_to_calibrate(digits_run, draws, "--overwrite").endswith(
        "--overwrite --cases test:0.5"
    )
    path = digits_run.path / "splits.json"
    edited(path, lambda split: split.update(calibration=[split["test"].pop()]))
    assert how_to_calibrate(Run(digits_run.path, digits_run.config), draws).endswith("--seed 0")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 1}, "was made of hybrid, T = 4, seed 0; draw alike, or run tfuq calibrate"),
        ({"definitions": 2}, "measured otherwise; move it away, and run tfuq calibrate"),
        ({"method": "ensemble"}, "is not calibrated for ensemble; run tfuq calibrate"),
        ({"combine": "staple"}, "combined by mean; draw alike, or predict with --combine mean"),
        (
            {"combine": "staple", "method": "ensemble"},
            "is not calibrated for ensemble; predict with --combine mean",
        ),
    ],
)
def test_a_calibration_is_of_the_samples_it_was_made_of(digits_run, change, words):
    written = a_calibration(digits_run)
    written.write(calibration_path(digits_run, "hybrid"))
    with pytest.raises(RunError, match=words):
        read_calibration(digits_run, replace(written.draws, **change))


def test_a_folder_where_a_calibration_belongs_is_refused(tmp_path):
    (tmp_path / "calibration.json").mkdir()
    with pytest.raises(RunError, match="is a folder where a calibration belongs; move it away"):
        has_calibration(tmp_path / "calibration.json")


def test_predictions_name_the_calibration_that_they_were_made_with(digits_run):
    written = a_calibration(digits_run)
    assert calibration_of(written.draws) is None
    path = calibration_path(digits_run, "hybrid")
    written.write(path)
    made_with = replace(written.draws, calibration=load_calibration(path).digest)
    assert calibration_of(made_with).conformal == written.conformal
    with pytest.raises(RunError, match="is not the calibration that these predictions"):
        calibration_of(replace(made_with, calibration="0" * 64))


def test_calibration_cases_are_told_apart_by_file_and_row(digits_run, tmp_path):
    calibration = a_calibration(digits_run)
    inside = Case("a", (tmp_path / "x.idx",), row=3)
    calibration.cases = {"a": files_of(inside)}
    (tmp_path / "link.idx").symlink_to(tmp_path / "x.idx")
    assert calibration.holds(Case("another name", (tmp_path / "link.idx",), row=3))
    others = [Case("a", (tmp_path / "x.idx",), row=4), Case("a", (tmp_path / "x.idx",))]
    calibration.refuse_overlap(others)
    with pytest.raises(DataError, match="case 'a': is a calibration case"):
        calibration.refuse_overlap([*others, inside])


def test_cases_that_chose_the_epoch_are_a_caveat(digits_run):
    first, second, *_ = digits_run.split["test"]
    edited(digits_run.path / "splits.json", lambda split: split["test"].remove(first))
    edited(digits_run.path / "splits.json", lambda split: split["validation"].append(first))
    assert selection_caveat(digits_run, [second]) is None
    assert selection_caveat(digits_run, [first, second]).startswith("1 of 2 calibration cases are")
