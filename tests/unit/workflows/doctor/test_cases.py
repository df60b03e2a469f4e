"""Checks of the cases of a run: its split, its data, and what was calibrated on."""

import json
import shutil

import nibabel
import numpy as np

from tests.conftest import BALLS_AFFINE
from tests.support.findings import only
from tfuq.calibration.records import Calibration, Conformal, Scaling
from tfuq.data.writers import write_json
from tfuq.runs.results import Manifest
from tfuq.workflows.doctor.cases import (
    calibrated_on_test_cases,
    calibration_is_degenerate,
    cases_do_not_fit,
    split_is_refused,
)


def test_cases_in_two_splits(run):
    assert list(split_is_refused(run)) == []
    split = json.loads((run.path / "splits.json").read_text())
    write_json(run.path / "splits.json", split | {"test": [*split["test"], split["train"][0]]})
    assert "'ball_000' is in both train and test" in only(split_is_refused(run), "splits")


def _calibration(draws, source, cases):
    conformal = Conformal(alpha=0.1)
    return Calibration(draws=draws, source=source, cases=cases, scaling=None, conformal=conformal)


def _draws(run, method):
    return Manifest(
        run=str(run.path),
        method=method,
        samples=4,
        seed=0,
        weights_digest=[],
        tfuq_version="0.1.0",
    )


def test_calibration_on_test_cases(run):
    draws = _draws(run, "hybrid")
    path = run.path / "calibrations" / "hybrid.json"
    _calibration(draws, "validation", {"ball_002": ["a"]}).write(path)
    assert list(calibrated_on_test_cases(run)) == []
    _calibration(draws, "test", {"ball_002": ["a"], "ball_004": ["b"]}).write(path)
    assert "1 case(s) of the test split, 'ball_004'" in only(
        calibrated_on_test_cases(run), "calibration", "caution"
    )


def test_a_temperature_at_the_end_of_its_range(run):
    draws = _draws(run, "vi")
    calibration = _calibration(draws, "test", {"ball_002": ["a"], "ball_004": ["b"]})
    names = run.config.data.classes[1:]
    calibration.conformal.bounds = {name: {"lower": 0.8, "upper": 0.1} for name in names}
    calibration.conformal.volumes = dict.fromkeys(names, 0.1)
    path = run.path / "calibrations" / "vi.json"
    for weight, has_found in ((1.5, False), (20.0, True)):
        calibration.scaling = Scaling(
            kind="temperature",
            weights=[weight] * 3,
            bias=[0.0] * 3,
            nll_before=0.5,
            nll_after=0.3,
            items=1000,
        )
        calibration.write(path)
        assert bool(list(calibration_is_degenerate(run))) == has_found
    assert f"{path}: temperature 0.05 is at the end" in only(
        calibration_is_degenerate(run), "calibration", "caution"
    )


def test_the_same_image_under_two_names(run, own_balls):
    assert list(cases_do_not_fit(run)) == []
    for kind in ("imagesTr", "labelsTr"):
        shutil.copy(own_balls / kind / "ball_000.nii.gz", own_balls / kind / "ball_004.nii.gz")
    assert "'ball_004' (test) has the same image as 'ball_000' (train)" in only(
        cases_do_not_fit(run), "splits"
    )


def test_labels_outside_the_classes_and_elsewhere_than_the_image(run, own_balls):
    path = own_balls / "labelsTr" / "ball_001.nii.gz"
    label = np.asarray(nibabel.load(path).dataobj).copy()
    label[0, 0, 0] = 9
    nibabel.save(nibabel.Nifti1Image(label, BALLS_AFFINE), path)
    assert "label value 9 is outside" in only(cases_do_not_fit(run), "data")
    moved = BALLS_AFFINE.copy()
    moved[0, 3] += 5
    nibabel.save(nibabel.Nifti1Image(np.minimum(label, 2), moved), path)
    assert "affine differs" in only(cases_do_not_fit(run), "data")
    shutil.rmtree(own_balls)
    only(cases_do_not_fit(run), "data", "caution")
