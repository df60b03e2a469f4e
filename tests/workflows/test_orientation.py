"""Scans in any order of axes: predicted as in the orientation of training, answered in their own."""

import csv
import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner

import tfuq as package
from tests.conftest import LISTED_SPLIT, assert_refused, settings
from tests.support.orientations import NAMES
from tfuq.runs.orientation import run_orientation
from tfuq.serving.client import Client
from tfuq.serving.description import open_export
from tfuq.training import train

SOME = ("LPS", "ASR", "RPI")
# Each order of the three axes once, and each axis in both of its directions in each place.
ORDERS = ("LPI", "RSA", "ARS", "PIR", "ILP", "SAL")


def reordered(path: Path, name: str, out: Path) -> Path:
    image = nibabel.load(path)
    start = nibabel.io_orientation(image.affine)
    turn = nibabel.orientations.ornt_transform(start, nibabel.orientations.axcodes2ornt(name))
    turned = image.as_reoriented(turn)
    turned.set_qform(turned.affine, 1)
    out.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(turned, out)
    return out


def in_ras(path: Path) -> np.ndarray:
    return np.asarray(nibabel.as_closest_canonical(nibabel.load(path)).dataobj)


def command(*arguments):
    from tfuq_cli.main import main

    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result


def predicted(run: Path, balls: Path, names, folder: Path) -> Path:
    """What the run predicts of a scan of the balls, in each order of its axes."""
    for name in names:
        reordered(balls / "imagesTr" / "ball_004.nii.gz", name, folder / "in" / f"{name}.nii.gz")
    command("predict", run, "--input", folder / "in", "--out", folder / "out", "--save-samples")
    return folder / "out"


def assert_as_native(out: Path, names, atol: float = 0.0) -> None:
    files = sorted(path.name for path in (out / "RAS").glob("*.nii.gz"))
    assert len(files) > 5
    assert len(np.unique(in_ras(out / "RAS" / "label.nii.gz"))) > 1
    for name in names:
        own = nibabel.load(out / name / "label.nii.gz")
        assert "".join(nibabel.aff2axcodes(own.affine)) == name
        np.testing.assert_array_equal(
            in_ras(out / name / "label.nii.gz"), in_ras(out / "RAS" / "label.nii.gz")
        )
        for file in files:
            np.testing.assert_allclose(
                in_ras(out / name / file), in_ras(out / "RAS" / file), rtol=0, atol=atol
            )
        rows, native = ((out / case / "structures.csv").read_text() for case in (name, "RAS"))
        assert rows.replace(f"{name},", "RAS,") == native


@pytest.fixture(scope="module")
def run_3d(trained):
    return trained("mc-dropout").path


@pytest.mark.slow
def test_each_order_of_axes_is_predicted_alike(run_3d, balls, tmp_path):
    assert_as_native(predicted(run_3d, balls, ("RAS", *ORDERS), tmp_path), ORDERS)


@pytest.mark.slow
def test_all_48_orders_of_axes_are_predicted_alike(run_3d, balls, tmp_path):
    out = predicted(run_3d, balls, NAMES, tmp_path)
    assert_as_native(out, NAMES)


def test_slices_are_anatomical(trained, balls, tmp_path):
    run = trained("mc-dropout", 2).path
    assert_as_native(predicted(run, balls, ("RAS", *SOME), tmp_path), SOME)


@pytest.mark.slow
def test_resampled_maps_are_alike(balls, tmp_path):
    """Interpolation of a file's affine, which is of single precision, rounds otherwise."""
    steps = {"spacing": [2.0, 1.2, 1.6]}
    run = train(settings(balls, preprocessing=steps), tmp_path / "run").path
    assert_as_native(predicted(run, balls, ("RAS", *SOME), tmp_path), SOME, atol=1e-4)


@pytest.fixture
def lps_balls(own_balls):
    for path in own_balls.glob("*Tr/*.nii.gz"):
        reordered(path, "LPS", path)
    return own_balls


@pytest.mark.slow
def test_a_uniform_training_set_keeps_its_orientation(lps_balls, balls, tmp_path):
    run = train(settings(lps_balls, data={"split": LISTED_SPLIT}), tmp_path / "run")
    assert run.facts["orientation"] == "LPS"
    assert_as_native(predicted(run.path, balls, ("RAS", "SRA"), tmp_path), ("SRA",))


@pytest.mark.slow
def test_mixed_training_cases_are_brought_to_ras(own_balls, balls, tmp_path):
    """Training on the same cases in mixed orders gives the same weights as on all in RAS."""
    split = LISTED_SPLIT | {"validation": []}  # what is compared are weights after one epoch
    native = train(settings(balls, data={"split": split}), tmp_path / "native")
    for kind in ("images", "labels"):
        path = own_balls / f"{kind}Tr" / "ball_001.nii.gz"
        reordered(path, "PSL", path)
    mixed = train(settings(own_balls, data={"split": split}), tmp_path / "mixed")
    assert mixed.facts["orientation"] == native.facts["orientation"] == "RAS"
    with (
        np.load(native.member(0) / "weights.npz") as first,
        np.load(mixed.member(0) / "weights.npz") as second,
    ):
        assert set(first.files) == set(second.files)
        for name in first.files:
            np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.slow
def test_a_configured_orientation_is_taken(balls, tmp_path):
    run = train(settings(balls, preprocessing={"orientation": "PIR"}), tmp_path / "run")
    assert run.facts["orientation"] == "PIR"
    assert_as_native(predicted(run.path, balls, ("RAS", "LAS"), tmp_path), ("LAS",))


@pytest.mark.parametrize("name", ["RAX", "RLS", "RASP", "ras"])
def test_what_is_no_orientation_is_refused(name, own_balls, tfuq, tmp_path):
    text = settings(own_balls).dump().replace("orientation: null", f"orientation: {name}")
    (tmp_path / "config.yaml").write_text(text)
    result = tfuq("train", tmp_path / "config.yaml", "--run", tmp_path / "run")
    assert_refused(result, "preprocessing.orientation", name, "LR, PA, IS")


def of_an_earlier_version(run, path: Path) -> Path:
    """A copy of a run that does not say its orientation."""
    shutil.copytree(run, path)
    facts = json.loads((path / "environment.json").read_text())
    del facts["orientation"]
    (path / "environment.json").write_text(json.dumps(facts))
    return path


@pytest.mark.slow
def test_an_earlier_run_has_the_orientation_of_its_training_cases(lps_balls, balls, tmp_path):
    run = train(settings(lps_balls, data={"split": LISTED_SPLIT}), tmp_path / "run")
    old = of_an_earlier_version(run.path, tmp_path / "old")
    assert run_orientation(package.load(old).run) == "LPS"
    out = predicted(old, balls, ("RAS", *SOME), tmp_path / "by old")
    assert_as_native(out, SOME)
    new = predicted(run.path, balls, ("RAS",), tmp_path / "by new")
    assert (new / "RAS/label.nii.gz").read_bytes() == (out / "RAS/label.nii.gz").read_bytes()


@pytest.mark.slow
def test_an_earlier_run_without_its_data_takes_ras_alone(own_balls, tfuq, tmp_path):
    config = settings(own_balls, "deterministic", data={"split": LISTED_SPLIT})
    run = train(config, tmp_path / "run")
    old = of_an_earlier_version(run.path, tmp_path / "old")
    scans = own_balls.rename(tmp_path / "moved") / "imagesTr"
    lps = reordered(scans / "ball_004.nii.gz", "LPS", tmp_path / "in" / "lps.nii.gz")
    command("predict", old, "--input", scans / "ball_004.nii.gz", "--out", tmp_path / "ras")
    arguments = ("predict", old, "--input", lps, "--out", tmp_path / "lps")
    assert_refused(tfuq(*arguments), "lps.nii.gz", "LPS", "config.yaml", "orientation: LPS")
    config = (old / "config.yaml").read_text()
    (old / "config.yaml").write_text(config.replace("orientation: null", "orientation: RAS"))
    command(*arguments)
    np.testing.assert_array_equal(
        in_ras(tmp_path / "lps" / "lps" / "label.nii.gz"),
        in_ras(tmp_path / "ras" / "ball_004" / "label.nii.gz"),
    )


@pytest.mark.slow
def test_references_in_another_order_score_the_same(run_3d, balls, tmp_path):
    command("predict", run_3d, "--input", balls / "imagesTr", "--out", tmp_path / "out")
    tables = []
    for name in ("RAS", "SLP"):
        references = tmp_path / name
        for path in (balls / "labelsTr").glob("*.nii.gz"):
            reordered(path, name, references / path.name)
        command("score", tmp_path / "out", "--reference", references, "--no-figures")
        (table,) = tmp_path.glob("**/cases.csv")
        with table.open() as file:
            tables.append(list(csv.DictReader(file)))
    assert tables[0] == tables[1]


@pytest.mark.slow
def test_a_label_in_another_order_is_trained_on(own_balls, balls, tmp_path):
    for path in (own_balls / "labelsTr").glob("*.nii.gz"):
        reordered(path, "IPR", path)
    own = train(settings(own_balls, data={"split": LISTED_SPLIT}), tmp_path / "own")
    native = train(settings(balls, data={"split": LISTED_SPLIT}), tmp_path / "native")
    with (
        np.load(native.member(0) / "weights.npz") as first,
        np.load(own.member(0) / "weights.npz") as second,
    ):
        for name in first.files:
            np.testing.assert_array_equal(first[name], second[name])


def test_python_takes_any_order(run_3d, balls, tmp_path):
    scan = balls / "imagesTr" / "ball_004.nii.gz"
    loaded = package.load(run_3d)
    native = loaded.predict(scan)
    other = loaded.predict(reordered(scan, "ASR", tmp_path / "asr.nii.gz"))
    saved = other.save(tmp_path / "saved")
    np.testing.assert_array_equal(in_ras(saved / "label.nii.gz"), native["label"])
    assert other.plot() is not None


@pytest.mark.slow
def test_an_export_says_the_orientation_to_its_clients(lps_balls, tmp_path):
    run = train(settings(lps_balls, data={"split": LISTED_SPLIT}), tmp_path / "run").path
    command("export", run, "--to", tmp_path / "model")
    described, served = open_export(tmp_path / "model" / "1")
    assert run_orientation(served) == "LPS"
    assert any("to where they point to LPS" in step for step in described.left_to_client)
    assert Client(tmp_path / "model", "localhost:1").predictor().orientation == "LPS"
