"""The CT of a head is turned, and seen from the side."""

import nibabel
import numpy as np
import pytest

from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.data.cases import Case
from tfuq.workflows.shift.heads import HeadMeasurer
from tfuq.workflows.shift.plan import Plan


@pytest.fixture
def head(tmp_path):
    """A block of bone in air, whose axes run to the left, to the back and to the bottom."""
    ct = np.full((24, 20, 28), -1000, np.float32)
    ct[8:16, 6:10, 10:18] = 800
    nibabel.save(nibabel.Nifti1Image(ct, np.diag([-2.0, -2, -2, 1])), tmp_path / "head.nii.gz")
    return Case("head", (tmp_path / "head.nii.gz",))


@pytest.fixture
def measurer(heads, tmp_path):
    run = make_finished_run(tmp_path / "run", "landmarks", heads)
    plan = Plan(perturbation="rotation", severities=(30.0,))
    return HeadMeasurer(make_given_predictor(run), plan)


def test_the_ct_is_read_once_and_upright(measurer, head):
    subject = measurer.subject(head)
    assert measurer.subject(head) is subject
    assert nibabel.aff2axcodes(subject.image.affine) == ("R", "A", "S")


def test_the_network_takes_an_x_ray_without_landmarks(measurer, head):
    seen = measurer.perturbed(head, 0.0)
    assert seen.image.array.shape == (32, 32, 1, 1)
    assert np.isnan(seen.points).all()
    assert seen.points.shape == (len(measurer.config.data.landmarks), 2)
    turned = measurer.perturbed(head, 30.0)
    assert not np.array_equal(turned.image.array, seen.image.array)


def test_nothing_is_scored_without_a_truth(measurer, head):
    found = measurer.measure([head], 30.0, None)
    assert set(found.scores.values()) == {None}
    assert found.example["found"].shape == (4, len(measurer.config.data.landmarks), 2)


def test_lengths_are_in_millimetres_of_the_ct(measurer, head):
    """Whose voxels of 2 mm are the X-ray's pixels, whatever a pixel of the training images is."""
    (row,) = measurer.measure([head], 30.0, None).rows
    assert row["mean_radial_spread_mm"] == pytest.approx(2 * row["mean_radial_spread"])
    assert row["variance_mm"] == pytest.approx(4 * row["variance"])
