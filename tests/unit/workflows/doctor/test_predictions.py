"""Checks of predictions: labels, grids, samples and maps that cannot be right."""

import nibabel
import numpy as np
import pytest

from tests.support.findings import only
from tests.support.made import make_run, make_scores
from tfuq.runs.results import Manifest
from tfuq.workflows.doctor import prediction_findings
from tfuq.workflows.doctor.predictions import measure_is_constant, samples_do_not_differ


@pytest.fixture
def predictions(run):
    """A healthy predictions folder of the run's test split."""
    make_scores(run, "hybrid")
    assert list(prediction_findings(run)) == []
    return run.predictions("hybrid")


def rewrite(path, change, affine=None):
    """A map with its array, or its affine, changed."""
    image = nibabel.load(path)
    array = change(np.asarray(image.dataobj).copy())
    nibabel.save(nibabel.Nifti1Image(array, image.affine if affine is None else affine), path)


def test_samples_that_do_not_differ(run, predictions):
    for path in predictions.glob("*/standard_deviation.nii.gz"):
        rewrite(path, np.zeros_like)
    assert "4 samples of hybrid do not differ" in only(prediction_findings(run), "samples")


def test_samples_of_tables_that_do_not_differ(digits, heads, tmp_path):
    for task, root in (("classification", digits), ("landmarks", heads)):
        made = make_run(tmp_path / task, task, root)
        make_scores(made, "hybrid", noise=0.5)
        assert list(prediction_findings(made)) == []
        make_scores(made, "ensemble", noise=0.0)  # every sample is the truth
        assert "samples" in [finding.check for finding in prediction_findings(made)], task


def test_labels_of_predictions_outside_the_classes(run, predictions):
    rewrite(predictions / "ball_003" / "label.nii.gz", lambda label: label + 3)
    assert "values from 3 to 5; the classes are 0 to 2" in only(prediction_findings(run), "labels")


def test_maps_elsewhere_than_their_image(run, predictions):
    rewrite(predictions / "ball_004" / "mutual_information.nii.gz", lambda array: array, np.eye(4))
    assert "on another grid than the label beside it" in only(prediction_findings(run), "geometry")


def test_scans_that_were_changed_after_the_prediction(run, predictions, own_balls):
    rewrite(
        own_balls / "imagesTr" / "ball_005.nii.gz", lambda array: array, np.diag([2, 2, 2, 1.0])
    )
    assert "label.nii.gz: is on another grid than" in only(prediction_findings(run), "geometry")


def test_constant_maps(run, predictions):
    rewrite(predictions / "ball_003" / "expected_entropy.nii.gz", lambda array: array * 0 + 0.5)
    assert "is 0.5 everywhere" in only(prediction_findings(run), "constant maps")


def test_constant_measures_of_a_table(digits, tmp_path):
    made = make_run(tmp_path / "run", "classification", digits)
    make_scores(made, "deterministic", samples=1, noise=0.0)
    assert "'predictive_entropy' is" in next(iter(prediction_findings(made))).problem


@pytest.mark.parametrize(
    ("values", "is_constant"),
    [
        ([0.5, 0.5], True),
        ([0.5, 0.6], False),
        ([0.5], False),
        ([], False),
        ([None, None], False),
        ([0.5, None], False),
    ],
)
def test_a_measure_is_constant_where_every_row_has_the_same_number(tmp_path, values, is_constant):
    found = list(measure_is_constant(tmp_path / "table.csv", "variance", values))
    assert [finding.check for finding in found] == (["constant maps"] if is_constant else [])


@pytest.mark.parametrize(
    ("spreads", "samples", "is_found"),
    [
        ([0.0, 1e-7, None], 4, True),
        ([0.0, 1e-3], 4, False),
        ([0.0, 0.0], 1, False),
        ([], 4, False),
    ],
)
def test_samples_are_copies_where_no_case_has_a_spread(tmp_path, spreads, samples, is_found):
    manifest = Manifest(
        run="r", method="vi", samples=samples, seed=0, weights_digest=[], tfuq_version="1"
    )
    found = list(samples_do_not_differ(tmp_path, manifest, spreads))
    assert [finding.check for finding in found] == (["samples"] if is_found else [])
