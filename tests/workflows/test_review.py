"""``tfuq review``: which cases a human should look at, from calibration to the table."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
from dataclasses import asdict

import nibabel
import numpy as np
import pytest
import yaml

from tests.conftest import assert_refused, files_of, settings
from tests.support.made import make_predictions, make_run
from tfuq.calibration.records import load_calibration
from tfuq.config.data import AdditionalConfig
from tfuq.data.appearance import training_appearance
from tfuq.data.cases import read_case_image, read_label
from tfuq.data.layouts import cases_of
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import RunError
from tfuq.runs import open_run
from tfuq.training import check_folder
from tfuq.training.material import prepare
from tfuq.workflows.calibrate.fit import Fit
from tfuq.workflows.review import Review, review
from tfuq.workflows.review.export import CORRECTED, PREDICTED, export_labels
from tfuq.workflows.review.listing import LIST, CaseList


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def told(tfuq, *arguments, code=0):
    result = tfuq(*arguments)
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def made(balls, tmp_path_factory):
    """Predictions of six balls by no network."""
    run = make_run(tmp_path_factory.mktemp("made") / "run", "segmentation", balls)
    return make_predictions(run, "hybrid", most=6)


@pytest.fixture
def own(made, tmp_path):
    """A copy of the run with them elsewhere; the folder of predictions."""
    run = shutil.copytree(made.parent.parent, tmp_path / "own")
    path = run / "predictions" / "hybrid" / "manifest.json"
    write_json(path, json.loads(path.read_text()) | {"run": str(run)})
    return path.parent


def test_without_a_calibration_cases_are_ranked_and_nothing_is_promised(own, tfuq):
    shown = told(tfuq, "review", own)
    assert "nothing is promised" in shown
    assert "run tfuq calibrate" in shown
    folder = own.parent.parent / "reviews" / "hybrid"
    rows = rows_of(folder / "review.csv")
    summary = json.loads((folder / "review.json").read_text())
    assert (summary["cases"], summary["decided"], summary["promise"]) == (6, False, None)
    assert {row["decision"] for row in rows} == {""}
    assert "estimated_dice" not in rows[0]
    agreement = {}
    for row in rows:
        agreement.setdefault(row["case"], []).append(float(row["pairwise_dice"]))
    means = [np.mean(values) for values in agreement.values()]
    assert len(means) == 6
    assert means == sorted(means), "the least certain case is first"
    assert told(tfuq, "review", own, "--exit-code", code=3)


def test_a_review_that_is_stopped_ends_as_one_that_is_not(own, made, tmp_path, monkeypatch):
    whole = review(made, tmp_path / "whole").folder
    place = tmp_path / "stopped"
    add = CaseList.add
    for most in (2, 3):
        added = []

        def stop(self, case, *arguments, added=added, most=most):
            if len(added) == most:
                raise KeyboardInterrupt
            added.append(case)
            add(self, case, *arguments)

        monkeypatch.setattr(CaseList, "add", stop)
        with pytest.raises(KeyboardInterrupt):
            review(made, place)
        assert not (place / "review.csv").exists()
    with (place / LIST).open("ab") as file:
        file.write(b'{"case": "cut o')
    from tfuq.data.ownership import note

    note(place / LIST)
    monkeypatch.setattr(CaseList, "add", add)
    review(made, place)
    for name in ("review.csv", "review.json", LIST):
        assert (place / name).read_bytes() == (whole / name).read_bytes(), name
    before = files_of(place)
    monkeypatch.setattr(CaseList, "add", stop)  # nothing is left to add
    review(made, place)
    assert files_of(place) == before


@pytest.fixture(scope="module")
def own_run(trained, trained_task, tmp_path_factory):
    """``own_run(task)``: a copy of a trained run to calibrate."""
    runs = {}

    def make(task):
        if task not in runs:
            source = trained("mc-dropout")
            if task != "segmentation":
                source = trained_task(task, "mc-dropout")
            runs[task] = shutil.copytree(source.path, tmp_path_factory.mktemp(task) / "run")
        return runs[task]

    return make


CALIBRATED = {
    "segmentation": ("--alpha", 0.5, "--delta", 0.6, "--quality", "dice:0.0001"),
    "classification": ("--alpha", 0.5, "--delta", 0.6),
    "landmarks": ("--alpha", 0.5, "--delta", 0.6, "--quality", "worst-radial-error:1000"),
}


COMPARED = ("segmentation", "landmarks")


@pytest.mark.parametrize(
    "task",
    [
        "classification",
        pytest.param("segmentation", marks=pytest.mark.slow),
        pytest.param("landmarks", marks=pytest.mark.slow),
    ],
)
def test_calibrated_on_some_test_cases_and_reviewed_on_the_others(task, own_run, tfuq, monkeypatch):
    run = own_run(task)
    gathered = []
    fit_review = Fit.review
    monkeypatch.setattr(Fit, "review", lambda fit: gathered.extend(fit.observed) or fit_review(fit))
    source = ("--cases", "test:0.5", "--samples", 3)
    shown = told(tfuq, "calibrate", run, *source, *CALIBRATED[task], "--overwrite")
    assert "review: " in shown
    calibration = load_calibration(run / "calibrations" / "mc-dropout.json")
    rules = calibration.review
    shown = told(tfuq, "review", run, "--samples", 3)
    folder = run / "reviews" / "mc-dropout"
    summary = json.loads((folder / "review.json").read_text())
    test = json.loads((run / "splits.json").read_text())["test"]
    rows = rows_of(folder / "review.csv")
    assert {row["case"] for row in rows} == set(test) - set(calibration.cases)
    assert summary["decided"]
    assert summary["training_data_known"]
    decided = {row["case"]: row["decision"] for row in rows}
    assert list(decided.values()).count("refer") == summary["referred"]
    assert set(decided.values()) <= {"refer", "keep"}
    if rules.referral.outcome == "keeps all":
        assert summary["referred"] == summary["unlike_training"]
    assert all(row["reason"] for row in rows)
    assert summary["promise"] in shown
    if task == "classification":
        assert_a_rule_of_another_task_is_refused(run, tfuq)
        assert_calibration_cases_are_left_out(run, set(test), set(calibration.cases), tfuq)
    if task in COMPARED:
        assert_observed_as_scored(run, gathered, tfuq)


def assert_calibration_cases_are_left_out(run, test, calibrated_on, tfuq):
    """Of predictions that hold them, too."""
    predictions = run / "of-all"
    told(tfuq, "predict", run, "--samples", 3, "--out", predictions)
    assert set(json.loads((predictions / "manifest.json").read_text())["cases"]) == test
    shown = told(tfuq, "review", predictions)
    assert f"{len(calibrated_on)} calibration case(s) left out" in shown
    reviewed = {row["case"] for row in rows_of(predictions / "review" / "review.csv")}
    assert reviewed == test - calibrated_on


def assert_a_rule_of_another_task_is_refused(run, tfuq):
    path = run / "calibrations" / "mc-dropout.json"
    content = path.read_bytes()
    altered = json.loads(content)
    altered["review"] |= {"quality": "dice", "errors": None}
    path.write_text(json.dumps(altered))
    refused = tfuq("review", run, "--samples", 3)
    assert_refused(refused, "its review is of dice, and this task's of wrong-class", "--overwrite")
    path.write_bytes(content)


def assert_observed_as_scored(run, gathered, tfuq):
    """Measures and qualities of calibration cases are those of tfuq predict and tfuq score."""
    folder = run / "all"
    told(tfuq, "predict", run, "--samples", 3, "--out", folder)
    told(tfuq, "score", folder, "--no-figures")
    scored = {(row["case"], row["class"]): row for row in rows_of(folder / "scores" / "cases.csv")}
    assert gathered
    for case in gathered:
        for part in case.parts:
            row = scored.get((case.case, part.name))
            assert row is not None
            for name in ("dice", "radial_error_mm"):
                if row.get(name):
                    assert part.quality == pytest.approx(float(row[name]), rel=1e-4)
            for name, value in part.measures.items():
                if row.get(name):
                    assert value == pytest.approx(float(row[name]), rel=1e-4, abs=1e-7)


def test_a_scan_unlike_the_training_data_is_said_to_be_and_comes_first(own, tfuq, tmp_path):
    run = open_run(own.parent.parent)
    appearance = training_appearance(run.config, cases_of(run.config.data))
    facts = json.loads((run.path / "environment.json").read_text())
    write_json(run.path / "environment.json", facts | {"appearance": asdict(appearance)})
    manifest = json.loads((own / "manifest.json").read_text())
    case = max(manifest["cases"])
    image = nibabel.load(manifest["cases"][case]["images"][0])
    coarse = nibabel.Nifti1Image(image.get_fdata(), image.affine @ np.diag([1, 1, 3, 1]))
    nibabel.save(coarse, tmp_path / "coarse.nii.gz")
    manifest["cases"][case]["images"] = [str(tmp_path / "coarse.nii.gz")]
    write_json(own / "manifest.json", manifest)
    assert "1 case(s) unlike the training data" in told(tfuq, "review", own)
    rows = rows_of(run.path / "reviews" / "hybrid" / "review.csv")
    assert {row["case"] for row in rows[:2]} == {case}
    assert "unlike the training data: voxel size" in rows[0]["reason"]
    assert {row["case"] for row in rows if row["unlike_training"]} == {case}
    (tmp_path / "coarse.nii.gz").unlink()
    told(tfuq, "review", own, "--out", tmp_path / "again")
    rows = rows_of(tmp_path / "again" / "review.csv")
    assert "its image cannot be read" in rows[0]["reason"]


def test_refusals(own_run, own, tfuq, tmp_path):
    for option, value in (("--method", "hybrid"), ("--seed", 0)):
        refused = tfuq("review", own, option, value)
        assert_refused(refused, "holds predictions", "leave them out")
    assert_refused(tfuq("review", tmp_path / "nowhere"), "not a run")
    run = own_run("classification")
    options = ("--cases", "test:0.5", "--alpha", 0.5, "--samples", 3, "--overwrite")
    for extra, words in (
        (("--delta", 0), "--delta 0: is not between 0 and 1"),
        (("--quality", "dice:0.8"), "--quality dice:0.8: is not of this task"),
        (("--refer-by", "volume"), "--refer-by volume: is no measure of uncertainty of this"),
    ):
        assert_refused(tfuq("calibrate", run, *options, *extra), words)
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "review.csv").write_text("mine\n")
    assert_refused(tfuq("review", own, "--out", folder), "was not written by tfuq")
    assert (folder / "review.csv").read_text() == "mine\n"
    told(tfuq, "review", own, "--out", tmp_path / "mine")
    (tmp_path / "mine" / "review.json").write_text("mine\n")
    before = files_of(tmp_path / "mine")
    manifest = json.loads((own / "manifest.json").read_text())
    write_json(own / "manifest.json", manifest | {"seed": 6})
    assert_refused(tfuq("review", own, "--out", tmp_path / "mine"), "review.json: was changed")
    assert files_of(tmp_path / "mine") == before, "nor is the list of another review begun"
    write_json(own / "manifest.json", manifest | {"calibration": "ab" * 32})
    assert_refused(tfuq("review", own), "was predicted with --calibrated")


def test_referred_cases_are_exported_corrected_and_trained_on(own, tfuq, tmp_path, balls):
    """Exported as three calibration cases refer all, corrected, and added to the training cases."""
    refused = tfuq("review", own, "--export-labels", tmp_path / "none")
    assert_refused(refused, "no case is referred, as nothing is promised", "tfuq query")
    assert not (tmp_path / "none").exists()
    made = review(own, tmp_path / "review")
    rows = rows_of(made.folder / "review.csv")
    cases = list(dict.fromkeys(row["case"] for row in rows))
    decided = Review(folder=made.folder, summary=made.summary | {"decided": True})
    for row in rows:
        row["decision"] = "refer" if row["case"] in cases[:2] else "keep"
    write_csv(made.folder / "review.csv", rows)
    assert list(decided.referred()) == cases[:2]
    exported = export_labels(own, decided.referred(), tmp_path / "out")
    renamed = tmp_path / "out" / "image" / f"new-{cases[0]}.nii.gz"
    (tmp_path / "out" / "image" / f"{cases[0]}.nii.gz").rename(renamed)
    label = nibabel.load(tmp_path / "out" / PREDICTED / f"{cases[0]}.nii.gz")
    array = np.asarray(label.dataobj).copy()
    array[:2] = 1  # a human's correction
    corrected = tmp_path / "out" / CORRECTED / renamed.name
    nibabel.save(nibabel.Nifti1Image(array, label.affine, label.header), corrected)
    config = settings(balls)
    material = prepare(config, None)
    option = yaml.safe_load(shlex.split(exported.training_option)[1].partition("=")[2])
    data = config.data.model_copy(
        update={"additional": [AdditionalConfig.model_validate(each) for each in option]}
    )
    more = prepare(config.model_copy(update={"data": data}), None)
    new = f"new-{cases[0]}"
    assert [case.id for case in more.parts["train"] if case not in material.parts["train"]] == [new]
    (case,) = [case for case in more.parts["train"] if case.id == new]
    trained_on = read_label(config, case, read_case_image(case))
    assert np.array_equal(trained_on.array, array)
    assert more.parts["validation"] == material.parts["validation"]


def test_nothing_is_exported_where_every_case_is_kept(own, tfuq, tmp_path, monkeypatch):
    monkeypatch.setattr(Review, "referred", lambda made: {})
    result = tfuq("review", own, "--export-labels", tmp_path / "none")
    assert result.exit_code == 0
    assert f"no case is referred, so nothing is written to {tmp_path / 'none'}" in result.stdout
    assert not (tmp_path / "none").exists()


def test_a_run_goes_on_with_the_cases_that_it_began_with(trained, tmp_path):
    run = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    config = open_run(run).config
    check_folder(run, config, overwrite=False, resume=True)
    added = [AdditionalConfig(root=str(tmp_path))]
    other = config.model_copy(update={"data": config.data.model_copy(update={"additional": added})})
    with pytest.raises(RunError, match=r"was trained with other data.additional.* another --run"):
        check_folder(run, other, overwrite=False, resume=True)
