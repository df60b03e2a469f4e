"""The command line end to end, on made and on real volumes, and what it refuses."""

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.conftest import TOURED, assert_refused, real, task_settings
from tests.support.examples import example_lines
from tests.support.matrix import rows_of_methods
from tfuq.measures.catalogue import maps_of


def rows_of(path: Path) -> list[dict]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_help_is_instant_and_needs_no_tensorflow():
    code = "import sys, tfuq_cli.main as m; m.main(['--help'], standalone_mode=False); assert 'tensorflow' not in sys.modules"
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.5


@pytest.mark.parametrize(("method", "rank"), rows_of_methods())
def test_predict_and_score(trained, tfuq, tmp_path, method, rank):
    run = trained(method, rank)
    result = tfuq("predict", run.path, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.output.strip().splitlines()[-1].startswith("2 case(s)")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert sorted(manifest["cases"]) == sorted(run.split["test"])
    assert manifest["samples"] == {"deterministic": 1, "ensemble": 2}.get(method, 4)
    for case, entry in manifest["cases"].items():
        check_case(
            tmp_path / "out" / case,
            nibabel.load(entry["images"][0]),
            method,
            len(run.config.data.classes),
        )
    scored = tfuq("score", tmp_path / "out", "--no-figures")
    assert scored.exit_code == 0, scored.output
    summary = json.loads((tmp_path / "out" / "scores" / "summary.json").read_text())
    cases = rows_of(tmp_path / "out" / "scores" / "cases.csv")
    assert summary["scores"]["all"]["dice"]["n"] == 2
    assert len(cases) == 2 * len(run.config.data.classes)
    assert ("pairwise_dice" in summary["spearman_with_dice"]["ball"]) == (method != "deterministic")
    assert "nan" not in (tmp_path / "out" / "scores" / "cases.csv").read_text().lower()


def check_case(folder: Path, source, method: str, classes: int) -> None:
    single = method == "deterministic"
    maps = maps_of(1 if single else 2)
    expected = {f"{m}.nii.gz" for m in ("label", "probability", *maps)} | {"structures.csv"}
    assert {p.name for p in folder.iterdir()} == expected | {".tfuq"}
    loaded = {
        name: nibabel.load(folder / f"{name}.nii.gz") for name in ("label", "probability", *maps)
    }
    for image in loaded.values():
        assert image.shape[:3] == source.shape
        np.testing.assert_array_equal(image.affine, source.affine)
        assert image.header["qform_code"] == source.header["qform_code"]
        assert image.header["sform_code"] == source.header["sform_code"]
    p = loaded["probability"].get_fdata()
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-5)
    np.testing.assert_array_equal(loaded["label"].get_fdata(), p.argmax(-1))
    entropy = loaded["predictive_entropy"].get_fdata()
    np.testing.assert_allclose(entropy, -(p * np.log(np.maximum(p, 1e-30))).sum(-1), atol=1e-4)
    assert entropy.max() <= np.log(classes) + 1e-5
    table = rows_of(folder / "structures.csv")
    assert [row["class"] for row in table if row["component"] == "all"] == ["ball", "core"][
        : classes - 1
    ]
    if not single:
        total = loaded["expected_entropy"].get_fdata() + loaded["mutual_information"].get_fdata()
        np.testing.assert_allclose(total, entropy, atol=1e-4)


@pytest.mark.slow
def test_batch_changes_no_file_and_seed_changes_some(trained, tfuq, tmp_path):
    for name, options in {"a": ["--batch", 1], "b": ["--batch", 5], "c": ["--seed", 9]}.items():
        assert (
            tfuq(
                "predict", trained("mc-dropout", 2).path, "--out", tmp_path / name, *options
            ).exit_code
            == 0
        )
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").glob("*/[!.]*"))
    assert len(files) == 2 * 8
    same = [(tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files]
    assert all(same)
    assert not all(
        (tmp_path / "a" / f).read_bytes() == (tmp_path / "c" / f).read_bytes() for f in files
    )


@pytest.mark.slow
def test_one_run_serves_every_method_that_its_members_can(trained, tfuq, tmp_path):
    run = trained("hybrid", 2).path
    for method in ("deterministic", "mc-dropout", "ensemble", "hybrid"):
        assert tfuq("predict", run, "--method", method, "--out", tmp_path / method).exit_code == 0
    assert_refused(
        tfuq("predict", run, "--method", "vi", "--out", tmp_path / "vi"),
        "trained as hybrid",
        "--method vi",
    )


def test_predict_continues_and_keeps_what_is_there(trained, tfuq, tmp_path):
    run, out = trained("mc-dropout").path, tmp_path / "out"
    assert tfuq("predict", run, "--out", out).exit_code == 0
    again = tfuq("predict", run, "--out", out)
    assert again.stderr.count("already complete") == 2
    before = {p: p.read_bytes() for p in out.glob("*/*")}
    assert_refused(tfuq("predict", run, "--out", out, "--seed", 5), "seed 0", "--overwrite")
    assert {p: p.read_bytes() for p in out.glob("*/*")} == before
    (out / "notes.txt").write_text("mine")
    assert tfuq("predict", run, "--out", out, "--seed", 5, "--overwrite").exit_code == 0
    assert (out / "notes.txt").read_text() == "mine"
    assert json.loads((out / "manifest.json").read_text())["seed"] == 5


def test_given_files_and_folders_are_predicted(trained, balls, tfuq, tmp_path):
    run = trained("mc-dropout").path
    file = balls / "imagesTr" / "ball_000.nii.gz"
    for inputs, count in (([file], 1), ([balls / "imagesTr"], 6), ([balls], 6)):
        out = tmp_path / str(inputs[0].name)
        result = tfuq("predict", run, *(x for f in inputs for x in ("--input", f)), "--out", out)
        assert result.exit_code == 0, result.output
        assert len(json.loads((out / "manifest.json").read_text())["cases"]) == count
    plain = tfuq("score", tmp_path / "imagesTr")
    assert_refused(plain, "no reference in its data set", "--reference")
    assert (
        tfuq(
            "score", tmp_path / "imagesTr", "--reference", balls / "labelsTr", "--no-figures"
        ).exit_code
        == 0
    )
    assert_refused(
        tfuq("score", tmp_path / "imagesTr", "--reference", tmp_path), "has no reference in"
    )


@pytest.mark.slow
def test_train_from_a_file_and_find_the_newest_run(digits, tfuq, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(task_settings("classification", digits).dump())
    result = tfuq("train", "mine.yaml", "-o", "training.steps_per_epoch=1", "--method", "vi")
    assert result.exit_code == 0, result.output
    assert "KL scale" in result.stderr
    assert "1 of 1 member(s) trained in runs/classification/vi" in result.stdout
    result = tfuq("predict", "--method", "vi", "--samples", 2)
    assert "in runs/classification/vi/predictions/vi" in result.stdout
    assert tfuq("score", "runs/classification/vi/predictions/vi").exit_code == 0
    assert Path("runs/classification/vi/scores/vi/summary.json").is_file()
    assert_refused(
        tfuq("predict", "--method", "ensemble"), "no run of method ensemble", "train one"
    )


def test_bad_input_is_refused_in_one_line(trained, balls, tfuq, tmp_path):
    run = trained("mc-dropout").path
    rgb = np.random.default_rng(0).random((16, 16, 16, 2)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(rgb, np.eye(4)), tmp_path / "two.nii.gz")
    nibabel.save(
        nibabel.Nifti1Image(np.ones((9, 9, 9), np.float32), np.eye(4)), tmp_path / "flat.nii.gz"
    )
    out = ["--out", tmp_path / "out"]
    for arguments, words in (
        (["train", "no-such"], ["no-such", "known:"]),
        (
            ["train", "hippocampus", "-o", "training.epoch=1"],
            ["unknown key 'training.epoch'", "'epochs'"],
        ),
        (
            ["train", "hippocampus", "-o", f"data.root={tmp_path}/absent"],
            ["no such data folder", "absent"],
        ),
        (["predict", tmp_path], ["not a run"]),
        (["predict", run, "--samples", 1, *out], ["--samples 1", "at least 2"]),
        (["predict", run, "--input", tmp_path / "none.nii", *out], ["none.nii", "no such file"]),
        (
            ["predict", run, "--input", tmp_path / "two.nii.gz", *out],
            ["two.nii.gz", "2 channel(s)", "trained with 1"],
        ),
        (["predict", run, "--input", tmp_path / "flat.nii.gz", *out], ["flat.nii.gz", "constant"]),
        (["predict", run, "--out", balls], ["is not empty"]),
        (["score", tmp_path / "absent"], ["no predictions"]),
        (["train", "hippocampus", "--resume", "--overwrite"], ["exclude each other"]),
        (["predict", run, "--method", "dropout"], ["dropout"]),
    ):
        assert_refused(tfuq(*arguments), *words)


@pytest.mark.slow
def test_multichannel_files_are_taken_in_turn(tfuq, tmp_path):
    root = real("iSeg-2017-simulated")
    base = ["-o", f"data.root={root}", "-o", "network.patch_size=[96, 112]", "-o", "data.split.train=1", "-o", "data.split.validation=0",
            "-o", "data.split.test=1", "-o", "training.epochs=1", "-o", "training.steps_per_epoch=1", "-o", "training.batch_size=2",
            "-o", "network.widths=[4, 4, 4, 4, 4]"]  # fmt: skip
    result = tfuq("train", "iseg2017", "--run", tmp_path / "run", *base)
    assert result.exit_code == 0, result.output
    channels = [x for kind in ("T1", "T2") for x in ("--input", root / f"subject-1-{kind}.img")]
    result = tfuq("predict", tmp_path / "run", "--samples", 2, "--out", tmp_path / "out", *channels)
    assert result.exit_code == 0, result.output
    label = nibabel.load(tmp_path / "out" / "subject-1" / "label.nii.gz")
    source = nibabel.load(root / "subject-1-T1.img")
    assert label.shape == source.shape
    np.testing.assert_allclose(label.affine, source.affine)
    assert_refused(
        tfuq("predict", tmp_path / "run", "--out", tmp_path / "x", *channels[:2]),
        "1 channel(s)",
        "trained with 2",
    )


@pytest.mark.slow
def test_real_volumes_train_predict_and_score(tfuq, tmp_path):
    root = real("Task04_Hippocampus")
    options = ["-o", f"data.root={root}", "-o", "data.split.train=8", "-o", "data.split.validation=2", "-o", "data.split.test=3",
               "-o", "training.epochs=10", "-o", "training.steps_per_epoch=8"]  # fmt: skip
    result = tfuq(
        "train", "hippocampus", "--method", "mc-dropout", "--run", tmp_path / "run", *options
    )
    assert result.exit_code == 0, result.output
    assert tfuq("predict", tmp_path / "run", "--samples", 5).exit_code == 0
    scored = tfuq("score", tmp_path / "run" / "predictions" / "mc-dropout", "--figures")
    assert scored.exit_code == 0
    figures = sorted(
        path.name for path in (tmp_path / "run" / "scores" / "mc-dropout" / "figures").glob("*.png")
    )
    ranked = [
        f"risk-coverage-{level}.png"
        for level in ("case", "component", "structure-anterior", "structure-posterior")
    ]
    drawn = [
        "dice-anterior.png",
        "dice-posterior.png",
        "reliability.png",
        *ranked,
        "training.png",
        "uncertainty-histograms.png",
    ]
    assert figures[3:] == drawn
    assert all(name.startswith("case-hippocampus_") for name in figures[:3])
    summary = json.loads((tmp_path / "run" / "scores" / "mc-dropout" / "summary.json").read_text())
    assert summary["scores"]["all"]["dice"]["mean"] > 0.3
    assert summary["scores"]["all"]["auroc_predictive_entropy"]["mean"] > 0.8


def test_demo_leaves_what_is_not_its_own(tfuq, tmp_path):
    (tmp_path / "thesis.txt").write_text("keep")
    assert_refused(tfuq("demo", "--out", tmp_path), "is not empty", "--overwrite")
    assert_refused(tfuq("demo", "--out", tmp_path, "--overwrite"), "left alone")
    assert (tmp_path / "thesis.txt").read_text() == "keep"


@pytest.mark.slow
def test_demo_teaches_every_method(tfuq, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (line,) = example_lines(["demo"])
    result = tfuq(*line.split()[1:])
    assert result.exit_code == 0, result.output
    assert "Next, with your own data: tfuq init FOLDER." in result.output
    assert (tmp_path / "demo" / "report.html").is_file()
    pictures = sorted(path.name for path in (tmp_path / "demo" / "model" / "figures").iterdir())
    assert pictures == [".tfuq", "histograms.png", "slice-mc-dropout.png"]
    assert (tmp_path / "demo" / "scan" / "LICENCE.txt").is_file()
    table = rows_of(tmp_path / "demo" / "comparison.csv")
    assert {row["method"] for row in table} == set(TOURED)
    for row in table:
        assert float(row["dice"]) >= 0.85, row
    for method in TOURED:
        figures = (
            tmp_path
            / "demo"
            / "runs"
            / "head"
            / ("vi" if method == "vi" else "hybrid")
            / "scores"
            / method
            / "figures"
        )
        assert len(list(figures.glob("case-*.png"))) == 3
        assert (figures / "uncertainty-histograms.png").is_file()


def test_scans_without_a_label_are_sent_to_a_review(trained, balls, tfuq, tmp_path):
    scan = balls / "imagesTr" / "ball_000.nii.gz"
    run = trained("mc-dropout").path
    result = tfuq("predict", run, "--samples", 2, "--out", tmp_path / "out", "--input", scan)
    assert f"next: tfuq review {tmp_path / 'out'}" in result.output, result.output
    assert tfuq("review", tmp_path / "out").exit_code == 0
