"""``tfuq calibrate`` and what follows from it, on runs that were hardly trained: files, promises checked, refusals."""

import csv
import json
import re
import shutil

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner

import tfuq
from tests.conftest import assert_refused, files_of
from tfuq.calibration import conformal
from tfuq.calibration.scaling import FITS, scaled
from tfuq.errors import DataError
from tfuq_cli.main import main


@pytest.fixture(scope="module")
def own_run(trained_task, trained, tmp_path_factory):
    """``own_run(task)``: a copy of a trained run to calibrate."""
    made = {}

    def make(task):
        if task not in made:
            source = (
                trained("mc-dropout")
                if task == "segmentation"
                else trained_task(task, "mc-dropout")
            )
            made[task] = shutil.copytree(source.path, tmp_path_factory.mktemp(task) / "run")
        return made[task]

    return make


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def stored(run):
    return json.loads((run / "calibrations" / "mc-dropout.json").read_text())


def told(*arguments):
    """What a command that must succeed says."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def calibrate_predict_score(run, source, alpha, kind):
    """Predictions, the scores' summary, and what was said of them."""
    told(
        "calibrate",
        run,
        "--cases",
        source,
        "--alpha",
        alpha,
        "--scaling",
        kind,
        "--samples",
        3,
        "--overwrite",
    )
    told("predict", run, "--calibrated", "--samples", 3, "--overwrite")
    shown = told("score", run / "predictions" / "mc-dropout-calibrated", "--no-figures")
    summary = json.loads((run / "scores" / "mc-dropout-calibrated" / "summary.json").read_text())
    return run / "predictions" / "mc-dropout-calibrated", summary, shown


@pytest.fixture(scope="module")
def calibrated_balls(own_run):
    """A segmentation, calibrated, predicted and scored: run, predictions, summary, what was said."""
    run = own_run("segmentation")
    return run, *calibrate_predict_score(run, "validation", 0.5, "temperature")


@pytest.mark.parametrize("kind", ["temperature", pytest.param("vector", marks=pytest.mark.slow)])
def test_classification(own_run, kind):
    run = own_run("classification")
    folder, summary, shown = calibrate_predict_score(run, "test:0.4", 0.3, kind)
    found, rows = stored(run), rows_of(folder / "predictions.csv")
    test = json.loads((run / "splits.json").read_text())["test"]
    assert len(found["cases"]) == round(0.4 * len(test))
    assert sorted(found["cases"].keys() | {row["case"] for row in rows}) == sorted(
        test
    )  # none of them twice
    assert len(rows) + len(found["cases"]) == len(test)
    assert found["scaling"]["nll_after"] <= found["scaling"]["nll_before"]
    names = [name for name in rows[0] if name.startswith("uncalibrated_")]
    before = np.array([[float(row[name]) for name in names] for row in rows])
    for rule, quantile in found["conformal"]["sets"].items():
        # Tables have six digits, by which a class may fall on the other side of the threshold.
        scores = conformal.class_scores(before, rule)
        clear = (np.abs(scores - quantile) > 1e-4).all(1)
        members = [
            {
                n.removeprefix("uncalibrated_")
                for n, is_in in zip(names, row <= quantile, strict=True)
                if is_in
            }
            for row in scores
        ]
        written = [set(row[f"set_{rule}"].split("; ")) - {""} for row in rows]
        assert clear.any()
        assert all(
            a == b for a, b, is_clear in zip(members, written, clear, strict=True) if is_clear
        )
        assert summary["conformal"][rule]["promised"] == 0.7
        assert summary["conformal"][rule]["mean_set_size"] == pytest.approx(
            np.mean([len(s) for s in written])
        )
    assert summary["before_calibration"]["nll"] > 0
    assert "scaling: nll" in shown
    assert "lac: coverage" in shown


def test_segmentation(calibrated_balls):
    run, folder, summary, shown = calibrated_balls
    found = stored(run)
    (case, *_) = (path for path in sorted(folder.iterdir()) if path.is_dir())
    before = nibabel.load(case / "uncalibrated.nii.gz")
    for side in ("lower", "upper"):
        mask = nibabel.load(case / f"label_{side}.nii.gz")
        np.testing.assert_allclose(mask.affine, before.affine)
        for k, name in enumerate(("ball", "core")):
            expected = (
                before.get_fdata(dtype=np.float32)[..., k + 1]
                >= found["conformal"]["bounds"][name][side]
            )
            np.testing.assert_array_equal(mask.get_fdata()[..., k] > 0, expected)
    assert summary["conformal"]["ball"]["missed_by_upper"]["n"] == 2
    whole = [row for row in rows_of(case / "structures.csv") if row["component"] == "all"]
    assert all(
        float(r["volume_conformal_lower_mm3"]) <= float(r["volume_conformal_upper_mm3"])
        for r in whole
    )
    assert {"nll", "ece", "nll_boundary"} <= summary["before_calibration"].keys()
    assert "missed by upper" in shown


@pytest.mark.slow
def test_a_segmentation_by_slices_is_calibrated(trained, tmp_path):
    run = shutil.copytree(trained("mc-dropout", 2).path, tmp_path / "run")
    _, summary, shown = calibrate_predict_score(run, "validation", 0.5, "temperature")
    found = stored(run)
    (image,) = next(iter(found["cases"].values()))
    told("predict", run, "--samples", 3, "--input", image, "--out", tmp_path / "own")
    (own,) = (path for path in (tmp_path / "own").iterdir() if path.is_dir())
    label = nibabel.load(image.replace("imagesTr", "labelsTr"))
    truth, voxel = label.get_fdata() > 0, abs(np.linalg.det(label.affine[:3, :3]))
    (whole,) = (row for row in rows_of(own / "structures.csv") if row["component"] == "all")
    interval = (float(whole[f"volume_{side}_mm3"]) for side in ("lower", "upper"))
    true, low, high = (np.log(volume + voxel) for volume in (truth.sum() * voxel, *interval))
    assert found["conformal"]["volumes"]["ball"] == pytest.approx(
        max(low - true, true - high), abs=1e-4
    )
    # One case and α = ½ leave no room for any loss: the upper bound holds all of the structure, the lower nothing else.
    p = nibabel.load(own / "probability.nii.gz").get_fdata()[..., 1]
    bounds = found["conformal"]["bounds"]["ball"]
    assert p[truth].min() - 0.01 < bounds["upper"] <= p[truth].min()
    assert p[~truth].max() < bounds["lower"] < p[~truth].max() + 0.01
    assert summary["conformal"]["ball"]["missed_by_upper"]["n"] == 2
    assert "missed by upper" in shown


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(calibrated_balls):
    run, folder, *_ = calibrated_balls
    kept = files_of(run / "calibrations"), files_of(folder)
    shutil.rmtree(folder)
    calibrate_predict_score(run, "validation", 0.5, "temperature")
    assert (files_of(run / "calibrations"), files_of(folder)) == kept


@pytest.mark.slow
def test_landmarks(own_run):
    run = own_run("landmarks")
    folder, summary, _ = calibrate_predict_score(run, "validation", 0.5, "temperature")
    radii = stored(run)["conformal"]["radii"]
    for row in rows_of(folder / "landmarks.csv"):
        expected = radii[row["landmark"]] * (float(row["mean_radial_spread_mm"]) + 1)
        assert float(row["conformal_radius_mm"]) == pytest.approx(expected, rel=1e-4)
    assert stored(run)["scaling"] is None
    assert {row["n"] for row in summary["conformal"].values()} == {3}


def test_one_sample_of_one_network_is_scaled_as_numpy_does(own_run, tfuq):
    run = own_run("classification")
    assert (
        tfuq(
            "calibrate",
            run,
            "--method",
            "deterministic",
            "--cases",
            "validation",
            "--alpha",
            0.3,
            "--overwrite",
        ).exit_code
        == 0
    )
    assert tfuq("predict", run, "--method", "deterministic", "--calibrated").exit_code == 0
    scaling = json.loads((run / "calibrations" / "deterministic.json").read_text())["scaling"]
    rows = rows_of(run / "predictions" / "deterministic-calibrated" / "predictions.csv")
    before, after = (
        np.array([[float(v) for name, v in row.items() if name.startswith(prefix)] for row in rows])
        for prefix in ("uncalibrated_", "probability_")
    )
    np.testing.assert_allclose(
        scaled(before, np.array(scaling["weights"]), np.array(scaling["bias"])), after, atol=1e-4
    )


@pytest.mark.slow
def test_the_scaling_that_a_refusal_proposes_serves(own_run, tfuq):
    run = own_run("segmentation")
    options = ("--cases", "validation", "--alpha", 0.5, "--samples", 3, "--overwrite")
    refused = tfuq("calibrate", run, *options, "--scaling", "vector")
    assert_refused(refused, "--scaling vector: serves classification alone")
    (proposed,) = re.findall(r"takes --scaling (\w+)", refused.stderr)
    assert tfuq("calibrate", run, *options, "--scaling", proposed).exit_code == 0


@pytest.mark.slow
def test_landmarks_take_no_scaling(own_run, tfuq):
    run = own_run("landmarks")
    options = ("--cases", "test:0.67", "--alpha", 0.5, "--samples", 3, "--overwrite")
    for kind, served in (
        ("temperature", "classification and segmentation"),
        ("vector", "classification"),
    ):
        refused = tfuq("calibrate", run, *options, "--scaling", kind)
        assert_refused(refused, f"--scaling {kind}: serves {served} alone", "leave --scaling out")
    assert tfuq("calibrate", run, *options).exit_code == 0


def test_a_temperature_at_the_end_of_its_range_is_told(own_run, tfuq, monkeypatch):
    def at_the_end(logs, y):
        return np.full(logs.shape[-1], 1 / 20), np.zeros(logs.shape[-1])

    monkeypatch.setitem(FITS, "temperature", at_the_end)
    run = own_run("classification")
    options = ("--cases", "test:0.4", "--alpha", 0.3, "--samples", 3, "--overwrite")
    result = tfuq("calibrate", run, *options)
    assert result.exit_code == 0, result.output
    assert "warning: temperature 20 is at the end of its search range, 0.05 to 20" in result.stderr


def test_refusals_of_calibrate(own_run, tfuq, tmp_path):
    run = own_run("classification")
    split = json.loads((run / "splits.json").read_text())
    for alpha in ("0", "1", "-0.5", "nan", "inf"):
        assert_refused(
            tfuq("calibrate", run, "--cases", "validation", "--alpha", alpha),
            "--alpha",
            "not between 0 and 1",
        )
    assert_refused(
        tfuq("calibrate", run, "--cases", "validation", "--alpha", 0.05),
        "8 calibration cases are too few",
        "needs 19",
    )
    for share in ("test:0", "test:1", "test:half", "test:nan"):
        assert_refused(tfuq("calibrate", run, "--cases", share), f"--cases {share}", "no share")
    listed = tmp_path / "cases.txt"
    assert_refused(
        tfuq("calibrate", run, "--cases", listed),
        "neither calibration, nor validation, nor test:SHARE",
    )
    for text, words in (
        ("", "names no case"),
        (split["train"][0], "was trained on"),
        ("nobody", "'nobody' is not there"),
    ):
        listed.write_text(text + "\n")
        assert_refused(tfuq("calibrate", run, "--cases", listed, "--alpha", 0.3), words)
    listed.write_text(split["validation"][0] + "\n")
    assert_refused(
        tfuq("calibrate", run, "--cases", listed, "--alpha", 0.3), "1 calibration cases are too few"
    )
    assert_refused(
        tfuq(
            "calibrate",
            own_run("segmentation"),
            "--cases",
            "validation",
            "--scaling",
            "vector",
            "--alpha",
            0.5,
        ),
        "serves classification alone",
    )
    (run / "splits.json").write_text(json.dumps(split | {"validation": []}))
    assert_refused(
        tfuq("calibrate", run, "--cases", "validation"),
        "has no validation cases",
        "--cases test:0.5",
    )
    (run / "splits.json").write_text(json.dumps(split))


def test_a_scan_without_reference_has_bounds_and_can_be_looked_at(calibrated_balls, tmp_path):
    run, folder, *_ = calibrated_balls
    known = next(iter(json.loads((folder / "manifest.json").read_text())["cases"].values()))
    scan = shutil.copy(known["images"][0], tmp_path / "new.nii.gz")
    out = tmp_path / "p"
    options = ("--samples", 3, "--calibrated")
    assert f"next: tfuq view {out}" in told(
        "predict", run, "--input", scan, *options, "--out", out
    )  # a review takes measures before calibration
    whole = rows_of(out / "new" / "structures.csv")[0]
    lower, upper = (
        np.asarray(nibabel.load(out / "new" / f"label_{end}.nii.gz").dataobj) > 0
        for end in ("lower", "upper")
    )
    assert upper.any()
    assert not (lower & ~upper).any()
    low, high = (float(whole[f"volume_conformal_{end}_mm3"]) for end in ("lower", "upper"))
    assert low <= float(whole["volume_mm3"]) <= high


def test_refusals_of_what_is_calibrated(calibrated_balls, tfuq, trained_task, tmp_path):
    fresh = trained_task("classification", "mc-dropout").path
    assert_refused(
        tfuq("predict", fresh, "--calibrated"), "is not calibrated for mc-dropout", "tfuq calibrate"
    )
    run = shutil.copytree(calibrated_balls[0], tmp_path / "run")  # it is damaged below
    folder = run / "predictions" / "mc-dropout-calibrated"
    again = ("calibrate", run, "--cases", "validation", "--samples", 3)
    assert_refused(tfuq(*again, "--alpha", 0.5), "exists; pass --overwrite")
    assert_refused(
        tfuq("predict", run, "--calibrated", "--samples", 4),
        "was made of mc-dropout, T = 3",
        "draw alike",
    )
    own = next(iter(stored(run)["cases"].values()))[0]
    assert_refused(
        tfuq("predict", run, "--calibrated", "--samples", 3, "--input", own),
        "is a calibration case",
    )
    kept = files_of(run / "scores")
    manifest = json.loads((folder / "manifest.json").read_text()) | {"run": str(run)}
    name, files = next(iter(stored(run)["cases"].items()))
    entry = next(iter(manifest["cases"].values()))
    manifest["cases"][name] = entry | {"images": files}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert_refused(tfuq("score", folder), "is a calibration case")
    assert tfuq(*again, "--alpha", 0.6, "--overwrite").exit_code == 0
    assert_refused(
        tfuq("score", folder), "is not the calibration that these predictions were made with"
    )
    assert_refused(tfuq("predict", run, "--calibrated", "--samples", 3), "another calibration")
    assert files_of(run / "scores") == kept
    path = run / "calibrations" / "mc-dropout.json"
    path.write_text(path.read_text()[:100])
    assert_refused(
        tfuq("predict", run, "--calibrated", "--samples", 3), "cannot be read", "calibrate again"
    )


@pytest.mark.slow
def test_from_python(calibrated_balls):
    run, folder, *_ = calibrated_balls
    entry = json.loads((folder / "manifest.json").read_text())["cases"]
    case_id = min(entry)
    loaded = tfuq.load(run)
    found = loaded.predict(entry[case_id]["images"][0], samples=3, calibrated=True)
    written = nibabel.load(folder / case_id / "probability.nii.gz").get_fdata(dtype=np.float32)
    np.testing.assert_array_equal(found["probability"], written)
    (image,) = next(iter(stored(run)["cases"].values()))
    with pytest.raises(DataError, match="is a calibration case"):
        loaded.predict(image, samples=3, calibrated=True)
