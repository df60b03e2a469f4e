"""Voxels of the label to ignore count for nothing: in scores, tables, promises, figures, checks."""

import csv
import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner

from tests.support import references, references_scores
from tests.support.made import make_predictions, make_run
from tests.support.nnunet_sets import IGNORE, IGNORED, V2, WHOLE, write_set
from tfuq.data import checks
from tfuq.data.layouts import cases_of
from tfuq.report.overview import overview
from tfuq.report.segmentation import _plot_histograms
from tfuq.report.slices import load_case, most_informative_slice
from tfuq.runs import open_run
from tfuq.scoring.evaluation import score_folder
from tfuq.scoring.evaluation.doses import score_dose
from tfuq_cli.main import main

ALPHA = 0.5
CLASSES = ["background", "ball", "core"]
STRUCTURES = ["whole_rest", "core"]  # of the run that is trained
DATA = {"layout": "nnunet", "classes": CLASSES, "ignore_label": 3, "split": {"fold": 0}}
MATRIX = np.array([[1.5, 0.1, 0], [-0.1, 1.5, 0], [0, 0, 2.0]])  # of the affine
SPACING = np.linalg.norm(MATRIX, axis=0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run on cases of which seven planes are ignored, and its predictions."""
    folder = tmp_path_factory.mktemp("ignored")
    root = write_set(folder / "data", V2, labels=IGNORE)
    run = make_run(folder / "run", "segmentation", root, data=DATA)
    return run, make_predictions(run, "mc-dropout", samples=3, most=2)


@pytest.fixture(scope="module")
def scores(made):
    return score_folder(made[1], None)


def arrays_of(predictions, case, *names):
    """Arrays of a predicted case without the planes to ignore."""
    return [nibabel.load(predictions / case / f"{name}.nii.gz").get_fdata()[7:] for name in names]


def truth_of(run, case):
    part = "Tr" if case < "ball_006" else "Ts"
    path = f"{run.config.data.root}/labels{part}/{case}.nii.gz"
    return nibabel.load(path).get_fdata()[7:].astype(int)


@pytest.mark.slow
def test_scores_are_those_of_the_labelled_part(made, scores):
    """The planes to ignore are the first, so that the rest is a volume whose scores are known."""
    run, predictions = made
    rows = scores.cases
    for case in ("ball_000", "ball_001"):
        label, p, entropy = arrays_of(
            predictions, case, "label", "probability", "predictive_entropy"
        )
        truth = truth_of(run, case)
        assert set(np.unique(truth)) == {0, 1, 2}
        flat, y = p.reshape(-1, 3), truth.ravel()
        whole = next(row for row in rows if (row["case"], row["class"]) == (case, "all"))
        assert whole["nll"] == pytest.approx(-np.log(flat[np.arange(len(y)), y]).mean(), rel=1e-5)
        assert whole["brier"] == pytest.approx(((flat - np.eye(3)[y]) ** 2).sum(1).mean(), rel=1e-5)
        assert whole["ece"] == pytest.approx(
            references.expected_calibration_error(flat, y), rel=1e-5
        )
        assert whole["ece_adaptive"] == pytest.approx(
            references_scores.adaptive_calibration_error(flat, y), rel=1e-4
        )
        assert whole["maximum_probability"] == pytest.approx(flat.max(1).mean(), rel=1e-5)
        assert whole["image_predictive_entropy"] == pytest.approx(entropy.mean(), rel=1e-5)
        for k, name in enumerate(CLASSES[1:], start=1):
            row = next(row for row in rows if (row["case"], row["class"]) == (case, name))
            assert row["dice"] == pytest.approx(references.dice(label == k, truth == k))
            distances = references.surface_distances(label == k, truth == k, SPACING)
            expected = max(np.percentile(directed, 95) for directed in distances)
            assert row["hd95_mm"] == pytest.approx(expected, rel=1e-4)
            expected = (np.sum(label == k) - np.sum(truth == k)) * abs(np.linalg.det(MATRIX))
            assert row["volume_difference_mm3"] == pytest.approx(expected, rel=1e-4)


def test_what_is_predicted_in_voxels_to_ignore_changes_no_score(made, scores, tmp_path):
    _, predictions = made
    changed = shutil.copytree(predictions, tmp_path / "changed")
    rng = np.random.default_rng(3)
    for path in sorted(changed.glob("ball_*/*.nii.gz")):
        file = nibabel.load(path)
        array = np.asanyarray(file.dataobj).copy()
        if path.name == "label.nii.gz":
            array[IGNORED] = rng.integers(0, 3, array[IGNORED].shape)
        elif path.name == "probability.nii.gz":
            array[IGNORED] = rng.dirichlet(np.ones(3), array[IGNORED].shape[:3])
        else:
            array[IGNORED] = rng.uniform(0, 0.5, array[IGNORED].shape)
        nibabel.save(nibabel.Nifti1Image(array, file.affine, file.header), path)
    after = score_folder(changed, None)
    assert after.cases == scores.cases
    assert after.tables == scores.tables
    assert after.summary == scores.summary
    assert len(scores.tables["components"]) > 3


def test_the_volume_of_a_structure_that_is_not_labelled_whole_is_not_known(scores):
    rows = scores.tables["structures"]
    assert rows
    assert all(row["volume_reference_mm3"] is None for row in rows)


def test_a_dose_has_no_reference_where_a_structure_is_not_labelled_whole(made, tmp_path):
    _, predictions = made
    doses = tmp_path / "doses"
    doses.mkdir()
    for folder in predictions.glob("ball_*"):
        label = nibabel.load(folder / "label.nii.gz")
        dose = np.indices(label.shape)[0].astype(np.float32)
        nibabel.save(nibabel.Nifti1Image(dose, label.affine), doses / f"{folder.name}.nii.gz")
    values = score_dose(predictions, None, doses).values
    assert values
    assert not any(name.endswith("_reference") for row in values for name in row)


def test_figures_leave_voxels_to_ignore_out(made):
    run, predictions = made
    case = next(case for case in cases_of(run.config.data) if case.id == "ball_000")
    loaded = load_case(predictions, case, run.config)
    assert not loaded.is_wrong[IGNORED].any()
    assert not loaded.drawn_truth[IGNORED].any()
    assert loaded.drawn_truth[7:].any()
    assert most_informative_slice(loaded, 0) >= 7 or loaded.label[IGNORED].any()
    truth = overview(loaded, run.config, "a case").axes[1].images[0].get_array()
    assert np.ma.is_masked(truth)
    figure = _plot_histograms([loaded], 3)
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    counts = [int("".join(filter(str.isdigit, text))) for text in legend]
    assert sum(counts) == 11 * 17 * 15


def test_a_check_counts_classes_without_them(made):
    run, _ = made
    reports = checks.check_data(run.config)
    assert not any(report.problem for report in reports)
    truth = truth_of(run, "ball_000")
    voxel = abs(np.linalg.det(MATRIX)) / 1000
    expected = [np.sum(truth == k) * voxel for k in range(3)]
    np.testing.assert_allclose(reports[0].class_volumes, expected, rtol=1e-4)


@pytest.fixture(scope="module")
def calibrated(nnunet_run, tmp_path_factory):
    """A copy of a run, calibrated on cases that are labelled in part or whole: its folder, and the record."""
    run = shutil.copytree(nnunet_run.path, tmp_path_factory.mktemp("calibrated") / "run")
    names = run.parent / "cases.txt"
    names.write_text("ball_006\nball_008\nball_009\n")
    result = told("calibrate", run, "--alpha", ALPHA, "--cases", names)
    assert "calibrated on 3 case(s)" in result
    (path,) = (run / "calibrations").glob("*.json")
    return run, json.loads(path.read_text())


def told(*arguments):
    """What a command that must succeed says."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def known_voxels(run, case, predictions):
    """Probabilities ``[n, K]`` and true classes ``[n]`` of the labelled voxels of a case to test."""
    root = Path(open_run(run).config.data.root)
    truth = nibabel.load(root / "labelsTs" / f"{case}.nii.gz").get_fdata()
    p = nibabel.load(predictions / case / "probability.nii.gz").get_fdata()
    return p[truth != 3], truth[truth != 3].astype(int)


@pytest.mark.slow
def test_a_calibration_is_of_labelled_voxels(calibrated, tmp_path):
    """Thresholds and likelihood are those of the probabilities that are predicted, without them."""
    run, stored = calibrated
    images = open_run(run).config.data.root + "/imagesTs"
    told("predict", run, "--input", images, "--out", tmp_path / "p")
    pairs = [known_voxels(run, case, tmp_path / "p") for case in sorted(stored["cases"])]
    assert [len(truth) for _, truth in pairs] == [11 * 17 * 15, 18 * 17 * 15, 18 * 17 * 15]
    flat = np.concatenate([p for p, _ in pairs])
    true = np.concatenate([truth for _, truth in pairs])
    assert stored["scaling"]["items"] == len(true)
    likelihood = -np.log(flat[np.arange(len(true)), true]).mean()
    assert stored["scaling"]["nll_before"] == pytest.approx(likelihood, rel=1e-4)

    def risk(share, k, threshold):
        losses = [share(p[:, k], truth == k, threshold) for p, truth in pairs]
        return (sum(losses) + 1) / (len(pairs) + 1)

    for k, name in enumerate(STRUCTURES, start=1):
        upper, lower = (stored["conformal"]["bounds"][name][side] for side in ("upper", "lower"))
        missed, excess = references_scores.missed_share, references_scores.excess_share
        assert risk(missed, k, upper) <= ALPHA < risk(missed, k, upper + 0.03)
        assert risk(excess, k, lower) <= ALPHA
        assert lower == upper or risk(excess, k, lower - 0.03) > ALPHA


@pytest.mark.slow
def test_promises_are_scored_without_them(calibrated, tmp_path):
    """Of the one case that is left, which is labelled in part, no volume is known."""
    run, _ = calibrated
    told("predict", run, "--calibrated", "--out", tmp_path / "p")
    told("score", tmp_path / "p", "--no-figures")
    summary = json.loads((tmp_path / "p" / "scores" / "summary.json").read_text())
    label = nibabel.load(tmp_path / "p" / "ball_007" / "label_upper.nii.gz").get_fdata()
    _, truth = known_voxels(run, "ball_007", tmp_path / "p")
    for k, name in enumerate(STRUCTURES, start=1):
        kept = summary["conformal"][name]
        assert set(kept) == {"missed_by_upper", "excess_of_lower"}
        upper = label[7:, ..., k - 1].ravel()
        missed = np.mean(upper[truth == k] == 0)
        assert kept["missed_by_upper"]["realized"] == pytest.approx(missed)


@pytest.mark.slow
def test_volumes_are_promised_of_cases_that_are_labelled_whole(nnunet_run, tmp_path):
    """Where all calibration cases have voxels to ignore, bounds are promised and no volumes."""
    run = shutil.copytree(nnunet_run.path, tmp_path / "run")
    names = tmp_path / "cases.txt"
    names.write_text("ball_006\nball_007\n")
    options = ["--alpha", str(ALPHA), "--cases", str(names), "--samples", "2"]
    result = CliRunner().invoke(main, ["calibrate", str(run), *options])
    assert "there are no intervals of volumes" in result.stderr
    (stored,) = (json.loads(path.read_text()) for path in (run / "calibrations").glob("*.json"))
    assert set(stored["conformal"]["bounds"]) == set(STRUCTURES)
    assert stored["conformal"]["volumes"] == {}
    told("predict", run, "--calibrated", "--samples", "2", "--out", tmp_path / "p")
    table = (tmp_path / "p" / "ball_008" / "structures.csv").read_text()
    assert "volume_conformal_lower_mm3" not in table
    told("score", tmp_path / "p", "--no-figures")


@pytest.mark.slow
def test_perturbed_cases_are_measured_without_them(calibrated):
    """What is saved of a turned case has the score that is written, in its labelled part."""
    run, _ = calibrated
    told(
        "shift", run, "--perturbation", "rotation", "--severity", "20", "--save-predictions",
        "--no-figures",
    )  # fmt: skip
    with next((run / "shift").rglob("20/cases.csv")).open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        (folder,) = (run / "shift").rglob(f"20/**/{row['case']}")
        truth, label = (
            nibabel.load(folder / f"{name}.nii.gz").get_fdata() for name in ("truth", "label")
        )
        known = truth != 255
        assert known.mean() < 0.9 or row["case"] in WHOLE
        dice = [references.dice(known & (label == k), truth == k) for k in (1, 2)]
        assert float(row["dice"]) == pytest.approx(np.mean(dice), rel=1e-4)
