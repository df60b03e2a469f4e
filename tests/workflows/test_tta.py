"""Test-time augmentation is a part of the method: in files, tables, exports and refusals."""

import json
import re
import shutil

import pytest

from tests.conftest import assert_refused
from tfuq.serving.description import read_export


def test_a_deterministic_run_samples_transforms(trained, tmp_path, tfuq):
    run = trained("mc-dropout").path
    maps = []
    for name in ("one", "other"):
        folder = tmp_path / name
        command = ("predict", run, "--method", "deterministic", "--tta", "flips+affine")
        done = tfuq(*command, "--samples", 3, "--out", folder)
        assert done.exit_code == 0, done.output
        assert "by deterministic+flips+affine, T = 3" in done.output
        manifest = json.loads((folder / "manifest.json").read_text())
        assert (manifest["method"], manifest["samples"]) == ("deterministic+flips+affine", 3)
        case = next(iter(manifest["cases"]))
        maps.append((folder / case / "mutual_information.nii.gz").read_bytes())
    assert maps[0] == maps[1]
    assert tfuq("score", tmp_path / "one", "--no-figures").exit_code == 0
    summary = json.loads((tmp_path / "one" / "scores" / "summary.json").read_text())
    assert summary["method"] == "deterministic+flips+affine"


def test_flips_where_names_are_sides_are_refused(trained, tmp_path, tfuq):
    sided = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    config = (sided / "config.yaml").read_text()
    (sided / "config.yaml").write_text(re.sub(r"\bball\b", "left", config))
    refused = tfuq("predict", sided, "--tta", "flips", "--out", tmp_path / "out")
    assert_refused(refused, "--tta flips", "without flips", "pass --tta affine")


@pytest.mark.slow
def test_an_export_draws_the_same_transforms(trained, tmp_path, tfuq):
    exported = tfuq(
        "export", trained("mc-dropout").path, "--tta", "flips", "--to", tmp_path / "balls"
    )
    assert exported.exit_code == 0, exported.output
    assert read_export(tmp_path / "balls" / "1").method == "mc-dropout+flips"
    checked = tfuq("serve-check", tmp_path / "balls")
    assert checked.exit_code == 0, checked.output


def test_turned_images_are_not_exported(trained, tmp_path, tfuq):
    words = ("export", trained("mc-dropout").path, "--to", tmp_path / "balls")
    refused = tfuq(*words, "--tta", "flips+affine")
    assert_refused(refused, "mc-dropout+flips+affine", "--tta flips or --tta none")
    assert not (tmp_path / "balls").exists()


@pytest.mark.slow
def test_a_calibration_and_a_shift_are_of_the_method_with_its_transforms(
    trained_task, tmp_path, tfuq
):
    run = shutil.copytree(trained_task("classification", "mc-dropout").path, tmp_path / "run")
    draws = ("--method", "deterministic", "--tta", "affine", "--samples", 3)
    calibrated = tfuq("calibrate", run, *draws, "--cases", "test:0.5", "--alpha", 0.4)
    assert calibrated.exit_code == 0, calibrated.output
    assert "--method deterministic --tta affine" in calibrated.output
    assert tfuq("predict", run, *draws, "--calibrated").exit_code == 0
    plain = tfuq("predict", run, *draws[:2], "--calibrated")
    assert_refused(plain, "is not calibrated for deterministic;")
    shifted = tfuq(
        "shift", run, *draws, "--perturbation", "noise", "--severity", "0.5", "--no-figures"
    )
    assert shifted.exit_code == 0, shifted.output
    table = (run / "shift" / "noise" / "table.csv").read_text()
    assert "deterministic+affine" in table
