"""Scans in every format: checked, trained on, predicted and scored, with labels where they lie."""

import csv
import json
from dataclasses import replace

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import LISTED_SPLIT, ball_case, settings
from tests.support.headers import corners as viewers_corners
from tests.support.itk import axis_orders, corners, itk_corners, oblique, write_itk
from tfuq.data.readers import read, stem
from tfuq.data.writers import write_nifti

SHAPE = (18, 17, 15)
MGZ_AFFINE = nibabel.affines.from_matvec(oblique() * [1.1, 0.9, 2.0], [-30, 12, 55])
SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd", ".mgz", ".nii.gz")


def write_scan(path, array, direction=None):
    """A file of the format that its name ends in."""
    if path.suffix != ".mgz":
        return write_itk(path, array, direction=direction)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(
        nibabel.MGHImage(array.astype("i4" if array.dtype == "u1" else "f4"), MGZ_AFFINE), path
    )
    return path


def place(path):
    """Where the corners of a scan lie by a program other than tfuq."""
    if path.suffix != ".mgz":
        return itk_corners(path)
    return corners(MGZ_AFFINE, SHAPE)


@pytest.mark.parametrize("suffix", [pytest.param(".nrrd", marks=pytest.mark.slow), ".mha"])
def test_what_is_written_lies_on_the_scan_in_every_axis_order(suffix, tmp_path):
    array = np.random.default_rng(0).random((5, 4, 3)).astype(np.float32)
    for direction in (*axis_orders(), oblique()):
        scan = write_itk(tmp_path / f"scan{suffix}", array, direction=direction)
        volume = read(scan)
        for name, values in (("label", volume.array), ("maps", np.stack([volume.array] * 2, -1))):
            path = tmp_path / f"{name}.nii.gz"
            write_nifti(path, replace(volume, array=values))
            for viewer, places in viewers_corners(path).items():
                sign = [-1, -1, 1] if viewer == "SimpleITK" else [1, 1, 1]
                np.testing.assert_allclose(places * sign, itk_corners(scan), atol=1e-3)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_what_is_written_for_a_slice_lies_on_it(suffix, tmp_path):
    array = np.random.default_rng(0).random((5, 4)).astype(np.float32)
    for degrees in (0, 30, 90, 200):
        cosine = np.cos(np.deg2rad(degrees))
        sine = np.sin(np.deg2rad(degrees))
        turn = [[cosine, -sine], [sine, cosine]]
        scan = write_itk(tmp_path / f"scan{suffix}", array, axes=2, direction=turn)
        write_nifti(tmp_path / "label.nii.gz", replace(read(scan), array=read(scan).array))
        np.testing.assert_allclose(
            itk_corners(tmp_path / "label.nii.gz"), itk_corners(scan), atol=1e-3
        )


@pytest.fixture(scope="module")
def scans(trained, tmp_path_factory):
    """A folder of scans and one of labels in every format, and what a run predicts for them."""
    from tfuq_cli.main import main

    folder = tmp_path_factory.mktemp("formats")
    directions = [*axis_orders()[7::9], oblique()]
    for number, suffix in enumerate(SUFFIXES):
        image, label = ball_case(np.random.default_rng(number), SHAPE)
        name = f"scan{number}{suffix}"
        write_scan(folder / "scans" / name, image, directions[number])
        write_scan(folder / "labels" / name, label, directions[number])
    arguments = [
        "predict",
        trained("mc-dropout").path,
        "--input",
        folder / "scans",
        "--out",
        folder / "out",
    ]
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return folder


def test_predictions_lie_on_scans_of_every_format(scans):
    paths = [path for path in sorted((scans / "scans").iterdir()) if path.suffix != ".raw"]
    assert len(paths) == len(SUFFIXES)
    for scan in paths:
        for path in (scans / "out" / stem(scan)).glob("*.nii.gz"):
            np.testing.assert_allclose(itk_corners(path), place(scan), atol=1e-3, err_msg=path.name)


def test_labels_of_every_format_are_references(scans, tfuq):
    result = tfuq("score", scans / "out", "--reference", scans / "labels", "--no-figures")
    assert result.exit_code == 0, result.output
    (table,) = (scans / "out").rglob("cases.csv")
    rows = [row for row in csv.DictReader(table.open()) if row["class"] == "ball"]
    assert len(rows) == len(SUFFIXES)
    for row in rows:
        number = int(row["case"].removeprefix("scan"))
        _, label = ball_case(np.random.default_rng(number), SHAPE)
        predicted = nibabel.load(scans / "out" / row["case"] / "label.nii.gz").get_fdata()
        overlap = 2 * ((predicted == 1) & (label == 1)).sum()
        expected = overlap / ((predicted == 1).sum() + (label == 1).sum())
        assert float(row["dice"]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_data_set_of_every_format_is_checked_trained_on_predicted_and_scored(
    suffix, tfuq, tmp_path
):
    for number in range(6):
        image, label = ball_case(np.random.default_rng(number), SHAPE)
        write_scan(tmp_path / "data" / "image" / f"ball_{number:03d}{suffix}", image)
        write_scan(tmp_path / "data" / "label" / f"ball_{number:03d}{suffix}", label)
    config = settings(tmp_path / "data", data={"layout": "folder", "split": LISTED_SPLIT})
    (tmp_path / "config.yaml").write_text(config.dump())
    images = tmp_path / "data" / "image"
    labels = tmp_path / "data" / "label"
    for arguments in (
        ("data", "check", tmp_path / "config.yaml"),
        ("train", tmp_path / "config.yaml", "--run", tmp_path / "run"),
        ("predict", tmp_path / "run", "--input", images, "--out", tmp_path / "out"),
        ("score", tmp_path / "out", "--reference", labels, "--no-figures"),
    ):
        result = tfuq(*arguments)
        assert result.exit_code == 0, result.output
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert len(manifest["cases"]) == 6
