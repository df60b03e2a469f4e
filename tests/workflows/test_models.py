"""``tfuq models``, and ``--model`` of predict and review."""

from __future__ import annotations

import re
import shutil

import nibabel
import numpy as np
import pytest

import tfuq as library
from tests.conftest import BALLS_AFFINE, assert_refused, files_of, real
from tests.support.packed import LICENCE, with_licence, write_card
from tfuq.runs import models
from tfuq.runs.models import open_model
from tfuq.runs.results import read_manifest

HALF = 2.0**-11  # the relative error of a number of half precision


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def scans(balls):
    return sorted((balls / "imagesTr").glob("*.nii.gz"))[4:]


@pytest.fixture
def shipped(model, monkeypatch):
    """The model of the balls, as one that comes with tfuq."""
    monkeypatch.setattr(models, "_shipped_folder", lambda: model.parent)
    return model


def write_head(folder):
    """A scan that is far larger than those of the training."""
    noise = np.random.default_rng(0).integers(0, 100, (60, 62, 61)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(noise, BALLS_AFFINE), folder / "head.nii.gz")


@pytest.mark.slow
def test_a_model_predicts_as_its_run_but_for_half_precision(tfuq, trained, shipped, scans):
    predicted = tfuq("predict", "--model", "balls", *scans)
    assert predicted.exit_code == 0, predicted.output
    folder = "runs/models/balls/predictions/mc-dropout-input"
    assert f"2 case(s) by mc-dropout, T = 4, in {folder}; next: tfuq review" in predicted.output
    inputs = [word for scan in scans for word in ("--input", scan)]
    tfuq("predict", trained("mc-dropout").path, *inputs, "--out", "own")
    for scan in scans:
        case = scan.name.removesuffix(".nii.gz")
        model, own = (
            np.asarray(nibabel.load(f"{place}/{case}/probability.nii.gz").dataobj)
            for place in (folder, "own")
        )
        assert 0 < np.abs(model - own).max() < 100 * HALF


@pytest.mark.slow
def test_nothing_is_written_into_a_model(tfuq, shipped, scans):
    before = files_of(shipped)
    assert tfuq("predict", "--model", "balls", scans[0]).exit_code == 0
    assert tfuq("review", "--model", "balls", scans[0]).exit_code == 0
    assert files_of(shipped) == before


def test_without_scans_a_model_is_refused(tfuq, shipped):
    assert_refused(tfuq("predict", "--model", "balls"), "--model balls predicts scans: give one")


@pytest.mark.slow
def test_a_model_is_given_by_its_folder_too(tfuq, model, scans):
    predicted = tfuq("predict", "--model", model, scans[0], "--input", scans[1], "--out", "out")
    assert predicted.exit_code == 0, predicted.output
    assert len(read_manifest(models.Path("out")).cases) == 2


@pytest.mark.slow
def test_a_scan_of_another_size_is_refused_and_others_are_predicted(tfuq, shipped, scans, place):
    write_head(place)
    refused = tfuq("predict", "--model", "balls", "head.nii.gz", scans[0], "--out", "out")
    assert_refused(refused, "head.nii.gz", "field of view", "tfuq models show")
    assert list(read_manifest(place / "out").cases) == ["ball_004"]


@pytest.mark.slow
def test_a_review_of_a_model_lies_beside_its_predictions(tfuq, shipped, scans):
    reviewed = tfuq("review", "--model", "balls", *scans)
    assert reviewed.exit_code == 0, reviewed.output
    assert "runs/models/balls/reviews/mc-dropout-input/review.csv" in reviewed.output
    assert "copy the model, and calibrate the copy" in reviewed.stderr


def test_an_unknown_model_is_refused_with_those_that_there_are(tfuq, shipped):
    assert_refused(tfuq("predict", "--model", "kidneys", "scan.nii.gz"), "'kidneys'", "are balls")


def test_a_shipped_model_is_not_written_to_as_a_run(tfuq, shipped):
    for command in (("predict", shipped), ("calibrate", shipped)):
        assert_refused(tfuq(*command), "comes with tfuq", "--model", "copy the folder")


def test_a_model_without_a_calibration_cannot_be_calibrated(tfuq, shipped, scans):
    refused = tfuq("predict", "--model", "balls", scans[0], "--calibrated")
    assert_refused(refused, "is not calibrated for mc-dropout", "copy the model")


@pytest.mark.slow
def test_a_copy_is_calibrated_on_cases_of_ones_own(tfuq, model, balls, place):
    copied = shutil.copytree(model, place / "own")
    config = copied / "config.yaml"
    config.write_text(re.sub("root: .*", f"root: {balls}", config.read_text()))
    (place / "cases.txt").write_text("\n".join(open_model(str(model)).run.split["test"]))
    calibrated = tfuq("calibrate", "own", "--cases", "cases.txt", "--alpha", "0.4")
    assert calibrated.exit_code == 0, calibrated.output
    assert (copied / "calibrations" / "mc-dropout.json").is_file()


def test_a_model_has_no_cases_out_of_fold(tfuq, shipped, scans):
    refused = tfuq("predict", "--model", "balls", scans[0], "--out-of-fold")
    assert refused.exit_code == 2
    assert "does not serve --out-of-fold" in refused.output


def test_two_runs_at_once_are_refused(tfuq):
    refused = tfuq("predict", "one", "two")
    assert refused.exit_code == 2
    assert "give one RUN, and scans by --input; or a model by --model NAME" in refused.output


def test_a_list_names_each_model_with_its_score(tfuq, shipped):
    listed = tfuq("models", "list")
    assert listed.exit_code == 0
    assert listed.output.startswith("balls: balls with a core\n")
    assert re.search(r"dice 0\.\d{4} on 2 test cases by mc-dropout, T = 4", listed.output)
    assert LICENCE in listed.output


def test_a_card_says_what_is_found_taken_and_whom_to_name(tfuq, shipped):
    shown = tfuq("models", "show", "balls").output
    for text in ("ball, core", "1.2…1.88 ×", "3 cases: made by the tests", "float16"):
        assert text in shown
    assert open_model("balls").packed.checksum in shown


@pytest.mark.slow
def test_a_model_is_replaced_by_one_command(tfuq, trained, model, place):
    folder = shutil.copytree(model.parent, place / "models")
    run = with_licence(trained("mc-dropout"))
    path = shutil.copytree(run.path, place / "run")
    (path / "config.yaml").write_text(run.config.dump())
    packed = tfuq("models", "pack", "run", "balls")
    assert packed.exit_code == 0, packed.output
    assert files_of(folder / "balls") == files_of(model)


def test_a_card_is_asked_for_where_there_is_none(tfuq, trained, place):
    assert_refused(tfuq("models", "pack", trained("mc-dropout").path, "new"), "card.yaml")
    write_card(place / "card.yaml")
    refused = tfuq("models", "pack", trained("mc-dropout").path, "new", "--card", "card.yaml")
    assert_refused(refused, "data.licence 'none' does not allow")
    assert not (place / "models").exists()


@pytest.mark.slow
def test_python_opens_a_model(shipped, scans, place):
    opened = library.load_model("balls")
    assert opened.predict(scans[0], samples=2)["label"].shape == nibabel.load(scans[0]).shape
    write_head(place)
    with pytest.raises(library.errors.DataError, match="field of view"):
        opened.predict("head.nii.gz", samples=2)


@pytest.mark.slow
def test_the_hippocampus_is_found_in_a_scan_of_the_decathlon(tfuq, place):
    root = real("Task04_Hippocampus")
    test = open_model("hippocampus").run.split["test"]
    scan = root / "imagesTr" / f"{test[-1]}.nii.gz"
    predicted = tfuq("predict", "--model", "hippocampus", scan, "--samples", 2, "--out", "out")
    assert predicted.exit_code == 0, predicted.output
    label = np.asarray(nibabel.load(place / "out" / test[-1] / "label.nii.gz").dataobj)
    truth = np.asarray(nibabel.load(root / "labelsTr" / scan.name).dataobj)
    for value in (1, 2):
        both = np.sum((label == value) & (truth == value))
        assert 2 * both / (np.sum(label == value) + np.sum(truth == value)) > 0.7
