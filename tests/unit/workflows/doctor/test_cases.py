"""``tfuq doctor``: every check finds the fault that is planted for it, and a healthy run has none."""

import json
import shutil
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from tests.conftest import BALLS_AFFINE
from tests.support.made import make_run, make_scores
from tfuq.calibration.records import Calibration, Conformal
from tfuq.config import Config
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import RunError
from tfuq.measures.catalogue import maps_of
from tfuq.prediction import Predictor
from tfuq.prediction.records import ClassStatistics, LandmarkStatistics
from tfuq.runs import Run
from tfuq.runs.results import Manifest
from tfuq.workflows.doctor import examine, prediction_findings
from tfuq.workflows.doctor.cases import calibrated_on_test_cases, cases_do_not_fit, split_is_refused
from tfuq.workflows.doctor.members import members_are_the_same
from tfuq.workflows.doctor.network import predictions_depend_on_the_batch, samples_are_the_same
from tfuq.workflows.doctor.variational import kl_is_out_of_scale


def only(findings, check, severity="fault"):
    """The one finding, which must be of this check; its three parts say something."""
    (finding,) = list(findings)
    assert (finding.check, finding.severity) == (check, severity)
    assert min(len(part) for part in (finding.problem, finding.why, finding.remedy)) > 20
    return finding.problem


@pytest.fixture
def run(own_balls, tmp_path):
    """A run on data to damage, without members: two cases to train on, one to validate, three to test."""
    made = make_run(tmp_path / "run", "segmentation", own_balls)
    ids = made.split["test"]
    write_json(
        made.path / "splits.json", {"train": ids[:2], "validation": ids[2:3], "test": ids[3:]}
    )
    return made


def test_a_healthy_run_has_nothing(trained, tfuq):
    result = tfuq("doctor", trained("mc-dropout").path)
    assert result.exit_code == 0, result.output
    assert "0 fault(s), 0 caution(s)" in result.stdout


def test_members_that_are_the_same(run):
    for member, digest in enumerate(["a" * 64, "b" * 64, "a" * 64]):
        write_json(run.member(member) / "done", {"digest": digest})
    assert "same weights as member 0" in only(members_are_the_same(run), "members")


@pytest.mark.parametrize(
    ("kl", "likelihood", "severity", "words"),
    [(0.0, 0.5, "fault", "KL term is 0"), (30.0, 0.5, "caution", "60 times"), (0.3, 0.5, None, "")],
)
def test_kl_missing_or_dwarfing(kl, likelihood, severity, words, run):
    variational = Run(run.path, Config.model_validate(run.config.model_dump() | {"method": "vi"}))
    write_json(run.member(0) / "done", {"digest": "a" * 64})
    rows = [
        {"epoch": 1, "data_loss": 9.0, "kl": 1.0},
        {"epoch": 2, "data_loss": likelihood, "kl": kl},
    ]
    write_csv(run.member(0) / "history.csv", rows)
    assert list(kl_is_out_of_scale(run)) == []  # weights without a distribution have no KL to miss
    found = list(kl_is_out_of_scale(variational))
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    assert all(words in finding.problem for finding in found)


def test_a_damaged_history_is_refused(run):
    variational = Run(run.path, Config.model_validate(run.config.model_dump() | {"method": "vi"}))
    write_json(run.member(0) / "done", {"digest": "a" * 64})
    for content, words in (
        ("", "no column 'kl'"),
        ("kl,data_loss\n", "has no epoch"),
        ("kl,data_loss\nx,1\n", "not a number"),
    ):
        (run.member(0) / "history.csv").write_text(content)
        with pytest.raises(RunError, match=words):
            list(kl_is_out_of_scale(variational))


def test_cases_in_two_splits(run):
    assert list(split_is_refused(run)) == []
    split = json.loads((run.path / "splits.json").read_text())
    write_json(run.path / "splits.json", split | {"test": [*split["test"], split["train"][0]]})
    assert "'ball_000' is in both train and test" in only(split_is_refused(run), "splits")


def _calibration(draws, source, cases):
    conformal = Conformal(alpha=0.1)
    return Calibration(draws=draws, source=source, cases=cases, scaling=None, conformal=conformal)


def test_calibration_on_test_cases(run):
    draws = Manifest(
        run=str(run.path),
        method="hybrid",
        samples=4,
        seed=0,
        weights_digest=[],
        tfuq_version="0.1.0",
    )
    path = run.path / "calibrations" / "hybrid.json"
    _calibration(draws, "validation", {"ball_002": ["a"]}).write(path)
    assert list(calibrated_on_test_cases(run)) == []
    _calibration(draws, "test", {"ball_002": ["a"], "ball_004": ["b"]}).write(path)
    assert "1 case(s) of the test split, 'ball_004'" in only(
        calibrated_on_test_cases(run), "calibration", "caution"
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


def class_statistics(probability):
    """Statistics of samples that do not differ."""
    nothing = np.zeros(len(probability), np.float32)
    maps = dict.fromkeys(maps_of(2), nothing)
    return ClassStatistics(probability=probability, votes=probability, **maps)


def test_predictions_that_depend_on_the_batch(trained, tfuq, monkeypatch):
    drawn = class_statistics(np.zeros((2, 3), np.float32))
    assert list(predictions_depend_on_the_batch(drawn, drawn)) == []
    other = class_statistics(np.full((2, 3), 1e-7, np.float32))
    assert "differ by up to 1e-07" in only(predictions_depend_on_the_batch(drawn, other), "batches")
    honest = Predictor.draw

    def draw(self, examples, samples=None):
        found = honest(self, examples, samples)
        return replace(found, probability=found.probability + np.float32(1e-3 * self.batch))

    monkeypatch.setattr(Predictor, "draw", draw)
    result = tfuq("doctor", trained("mc-dropout").path)
    assert result.exit_code == 2
    assert "fault (batches): probability" in result.stdout


def test_draws_that_do_not_differ(run):
    same = class_statistics(np.ones((1, 4)))
    assert "two samples of hybrid are the same" in only(samples_are_the_same(run, same), "samples")
    landmarks = np.zeros((3, 2, 5, 3))
    only(samples_are_the_same(run, LandmarkStatistics(landmarks=landmarks)), "samples")
    landmarks[1, 1, 2, 0] = 0.1
    assert list(samples_are_the_same(run, LandmarkStatistics(landmarks=landmarks))) == []


def test_a_run_without_members_is_said_to_be_unchecked(run):
    assert "no member has finished" in only(examine(run), "batches", "caution")


def test_refusals(tfuq, tmp_path):
    result = tfuq("doctor", tmp_path)
    assert result.exit_code == 2
    assert "not a run" in result.stderr
