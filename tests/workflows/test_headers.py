"""Scans with headers that mislead: checked, predicted and scored, in millimetres and in place."""

import csv
import json
import shutil

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import LISTED_SPLIT, assert_refused, settings
from tests.support.headers import FLIPPED, ROWS, SIZES, corners

CONTRADICTIONS = {"sizes": SIZES, "axes": FLIPPED}


@pytest.fixture(scope="module")
def predictions(trained, tmp_path_factory):
    """Scans of every kind of header, and the folder of what a run predicts for them."""
    from tfuq_cli.main import main

    folder = tmp_path_factory.mktemp("headers")
    for name, row in ROWS.items():
        row.write(folder / "scans" / f"{name}.nii")
    run = trained("mc-dropout").path
    arguments = ["predict", run, "--input", folder / "scans", "--out", folder / "out"]
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return folder


@pytest.mark.parametrize("name", ROWS)
def test_label_and_maps_lie_on_the_scan_in_every_viewer(name, predictions):
    expected = corners(predictions / "scans" / f"{name}.nii")
    files = sorted((predictions / "out" / name).glob("*.nii.gz"))
    assert len(files) > 5
    for path in files:
        actual = corners(path)
        assert set(actual) == set(expected)
        for viewer, places in expected.items():
            np.testing.assert_allclose(actual[viewer], places, atol=1e-3, err_msg=path.name)


@pytest.mark.parametrize("name", ROWS)
def test_volumes_are_cubic_millimetres(name, predictions):
    with (predictions / "out" / name / "structures.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["component"] == "all"]
    label = nibabel.load(predictions / "out" / name / "label.nii.gz").get_fdata()
    assert len(rows) == 2
    for number, row in enumerate(rows, start=1):
        expected = (label == number).sum() * ROWS[name].voxel
        assert float(row["volume_mm3"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["metres", "microns"])
def test_distances_are_millimetres_in_every_unit(name, predictions, tfuq, tmp_path):
    """The label moved by two voxels of 0.9 mm."""
    out = shutil.copytree(predictions / "out", tmp_path / "out")
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["cases"] = {name: manifest["cases"][name]}
    (out / "manifest.json").write_text(json.dumps(manifest))
    header = nibabel.load(out / name / "label.nii.gz").header
    label = np.zeros(header.get_data_shape(), np.uint8)
    label[5:10, 5:10, 5:10] = 1
    (tmp_path / "truth").mkdir()
    nibabel.save(nibabel.Nifti1Image(label, None, header), out / name / "label.nii.gz")
    moved = nibabel.Nifti1Image(np.roll(label, 2, 0), None, header)
    nibabel.save(moved, tmp_path / "truth" / f"{name}.nii.gz")
    result = tfuq("score", out, "--reference", tmp_path / "truth", "--no-figures")
    assert result.exit_code == 0, result.output
    (table,) = tmp_path.rglob("cases.csv")
    with table.open() as file:
        (row,) = [row for row in csv.DictReader(file) if row["class"] == "ball"]
    assert float(row["hd95_mm"]) == pytest.approx(1.8, rel=1e-4)


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_reported_and_refused(name, trained, own_balls, tfuq, tmp_path):
    scan = CONTRADICTIONS[name].write(tmp_path / "scan.nii")
    run = trained("mc-dropout").path
    result = tfuq("predict", run, "--input", scan, "--out", tmp_path / "out")
    assert_refused(result, "scan.nii", "by its sform" if name == "sizes" else "turned against")
    path = own_balls / "imagesTr" / "ball_001.nii.gz"
    image = nibabel.load(scan)
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), None, image.header), path)
    (tmp_path / "config.yaml").write_text(settings(own_balls, data={"split": LISTED_SPLIT}).dump())
    checked = tfuq("data", "check", tmp_path / "config.yaml")
    assert checked.exit_code == 2
    assert "ball_001.nii.gz" in checked.output
    assert_refused(tfuq("train", tmp_path / "config.yaml", "--run", tmp_path / "run"), "ball_001")
