"""Perturbed volumes, measured one by one on the network's grid."""

import nibabel
import numpy as np
import pytest

from tests.support.drawn import (
    drawn_of_label,
    make_finished_run,
    make_given_predictor,
    padded_label,
)
from tfuq.prediction.cases import known_cases
from tfuq.workflows.shift.plan import Plan
from tfuq.workflows.shift.volumes import RATIO_BINS, VolumeMeasurer

PLAN = Plan(perturbation="noise", severities=(1.0,))


@pytest.fixture
def measured(balls, tmp_path):
    """``measured(label → label)``: of a ball that is predicted so, and where it was written."""
    run = make_finished_run(tmp_path / "run", "segmentation", balls)
    cases = known_cases(run, ["ball_000"])

    def measure(change=lambda label: label, ratio=0.0, folder=None, severity=0.0):
        drawn = drawn_of_label(change(padded_label(run, "ball_000")), 3)
        drawn["variation_ratio"] = np.full_like(drawn["variation_ratio"], ratio)
        measurer = VolumeMeasurer(make_given_predictor(run, lambda *_: drawn), PLAN)
        return measurer.measure(cases, severity, folder), padded_label(run, "ball_000")[..., :15]

    return measure


def test_a_volume_that_is_right_has_no_error(measured):
    found, label = measured()
    assert found.scores["dice"] == 1
    assert found.scores["nll"] == pytest.approx(-np.log(0.8), rel=1e-4)
    assert found.wrong_ratios == [0] * RATIO_BINS
    areas = (label > 0).sum((0, 1))
    np.testing.assert_array_equal(found.example["truth"], label[..., areas.argmax()])
    assert found.example["axis"] == 2


def test_wrong_voxels_are_counted_by_their_variation_ratio(measured):
    """All that is labelled is taken for background; 0.62 lies in the bin from 0.6 on."""
    found, label = measured(np.zeros_like, ratio=0.62)
    assert found.scores["dice"] == 0
    expected = np.zeros(RATIO_BINS, int)
    expected[int(0.62 * RATIO_BINS)] = (label > 0).sum()
    assert found.wrong_ratios == expected.tolist()


def test_what_was_seen_and_predicted_is_written(measured, tmp_path):
    _, label = measured(folder=tmp_path / "kept", severity=1.0)
    case = tmp_path / "kept" / "ball_000"
    for name in ("truth", "label"):
        image = nibabel.load(case / f"{name}.nii.gz")
        np.testing.assert_array_equal(np.asarray(image.dataobj), label)
    assert nibabel.load(case / "image.nii.gz").shape == (18, 17, 15)
    assert (case / "structures.csv").is_file()


def test_a_scan_in_another_order_of_axes_is_the_same_subject(balls, own_balls, tmp_path):
    """It is perturbed as the network sees it."""
    steps = {"orientation": "RAS"}
    subjects = []
    for number, root in enumerate((balls, own_balls)):
        path = root / "imagesTr" / "ball_000.nii.gz"
        if number:
            turned = nibabel.load(path).as_reoriented(np.array([[2, -1], [0, 1], [1, 1]]))
            nibabel.save(turned, path)
        run = make_finished_run(tmp_path / str(number), "segmentation", root, preprocessing=steps)
        measurer = VolumeMeasurer(make_given_predictor(run, lambda *_: {}), PLAN)
        (case,) = known_cases(run, ["ball_000"])
        subjects.append(measurer.subject(case))
    native, other = subjects
    np.testing.assert_array_equal(other.image.array, native.image.array)
    np.testing.assert_array_equal(other.present_label.array, native.present_label.array)
