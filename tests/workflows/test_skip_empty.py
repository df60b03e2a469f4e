"""Predictions that skip empty windows say so, and are not mixed with others."""

import json

import nibabel
import numpy as np
import pytest

from tests.conftest import assert_refused
from tests.support.data_files import write_nifti_file
from tfuq.serving.description import read_export


@pytest.fixture
def scan(tmp_path):
    """Content at one end of a volume that is otherwise its lowest value."""
    array = np.full((48, 16, 16), -1000, np.float32)
    array[42:] = np.random.default_rng(0).normal(0, 100, (6, 16, 16))
    return write_nifti_file(tmp_path / "scan.nii.gz", array)


def label_and_entropy(folder):
    paths = [folder / "scan" / f"{name}.nii.gz" for name in ("label", "predictive_entropy")]
    return [np.asarray(nibabel.load(path).dataobj) for path in paths]


@pytest.mark.slow
def test_a_folder_skips_as_its_manifest_says(trained, scan, tmp_path, tfuq):
    folder = tmp_path / "out"
    command = ("predict", trained("mc-dropout").path, "--input", scan, "--out", folder)
    command = (*command, "--samples", 2)
    assert tfuq(*command).exit_code == 0
    assert json.loads((folder / "manifest.json").read_text())["skip_empty"] == "never"
    all_sampled = label_and_entropy(folder)
    skipping = (*command, "--skip-empty", 0)
    assert_refused(tfuq(*skipping), "holds predictions", "with skip_empty never", "--overwrite")
    assert tfuq(*skipping, "--overwrite").exit_code == 0
    assert json.loads((folder / "manifest.json").read_text())["skip_empty"] == 0
    differ = False
    for map_of_all, skipped in zip(all_sampled, label_and_entropy(folder), strict=True):
        # Windows at 8, 16 and 24 repeat the one at 0.
        np.testing.assert_array_equal(skipped[:8], map_of_all[:8])
        np.testing.assert_array_equal(skipped[40:], map_of_all[40:])
        differ = differ or (skipped != map_of_all).any()
    assert differ


def test_what_cannot_be_skipped_is_refused(trained, tmp_path, tfuq):
    refused = tfuq(
        "predict", trained("mc-dropout", 2).path, "--skip-empty", 0, "--out", tmp_path / "out"
    )
    assert_refused(refused, "skip_empty 0", "three axes, and this one has 2", "--skip-empty never")
    too_much = tfuq("predict", trained("mc-dropout").path, "--skip-empty", 0.7)
    assert too_much.exit_code == 2
    assert "0.7 is not in the range 0<=x<=0.5" in too_much.output


@pytest.mark.slow
def test_an_export_skips_alike(trained, tmp_path, tfuq):
    folder = tmp_path / "balls"
    run = trained("mc-dropout").path
    exported = tfuq("export", run, "--skip-empty", 0.02, "--to", folder)
    assert exported.exit_code == 0, exported.output
    assert read_export(folder / "1").skip_empty == 0.02
    checked = tfuq("serve-check", folder)
    assert checked.exit_code == 0, checked.output
