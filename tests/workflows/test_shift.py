"""``tfuq shift``: what it writes is what the perturbed cases, predicted, say; stopped and taken up again it says the same."""

import csv
import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import assert_refused, files_of, task_settings
from tfuq.config import Config
from tfuq.data.cases import read_case_image
from tfuq.data.layouts import cases_of
from tfuq.data.perturbations import Subject, case_seed, perturb
from tfuq.data.phantoms import synthesize
from tfuq.data.readers import read
from tfuq.data.sets.landmarks import reference_points, rescale_points
from tfuq.data.volume import Volume
from tfuq.scoring.calibration import expected_calibration_error
from tfuq.scoring.segmentation import dice
from tfuq_cli.main import main


def table(path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def own(run, tmp_path):
    """A run that may be written to."""
    return shutil.copytree(
        run.path, tmp_path / "run", ignore=shutil.ignore_patterns("shift", "predictions", "scores")
    )


@pytest.mark.slow
def test_a_study_that_is_taken_up_again_writes_the_same(trained_task, tfuq, tmp_path):
    run = own(trained_task("classification", "mc-dropout"), tmp_path)
    methods = ("--method", "mc-dropout", "--method", "deterministic")
    arguments = ("shift", run, "--perturbation", "noise", "--severity", "0,1,3", *methods)
    first = tfuq(*arguments)
    assert first.exit_code == 0, first.output
    folder = run / "shift" / "noise"
    written = files_of(folder)
    assert {"severity.png", "strip-mc-dropout.png", "strip-deterministic.png"} == {
        p.name for p in (folder / "figures").glob("*.png")
    }
    rows = table(folder / "table.csv")
    assert [(row["method"], row["severity"]) for row in rows] == [
        (m, s) for m in ("mc-dropout", "deterministic") for s in "013"
    ]
    kept = table(folder / "mc-dropout" / "3" / "cases.csv")
    for name in ("accuracy", "predictive_entropy"):
        assert float(rows[2][name]) == pytest.approx(
            np.mean([float(row[name]) for row in kept]), rel=1e-4
        )
    shutil.rmtree(folder / "deterministic" / "1")
    (folder / "table.csv").unlink()
    again = tfuq(*arguments, "--no-figures")
    assert again.stderr.count("already complete") == 5
    assert files_of(folder) == written
    assert_refused(tfuq(*arguments, "--seed", 9), "seed 0", "--overwrite")
    assert files_of(folder) == written


@pytest.mark.slow
@pytest.mark.parametrize("rank", [3, pytest.param(2, marks=pytest.mark.slow)])
def test_volumes_are_held_against_the_moved_label(rank, trained, tfuq, tmp_path):
    run = own(trained("mc-dropout", rank), tmp_path)
    result = tfuq(
        "shift", run, "--perturbation", "rotation", "--severity", "30", "--save-predictions"
    )
    assert result.exit_code == 0, result.output
    folder = run / "shift" / "rotation"
    assert tfuq("predict", run).exit_code == 0
    assert tfuq("score", run / "predictions" / "mc-dropout", "--no-figures").exit_code == 0
    scored = json.loads((run / "scores" / "mc-dropout" / "summary.json").read_text())["scores"][
        "all"
    ]
    unperturbed = json.loads((folder / "mc-dropout" / "0" / "summary.json").read_text())["scores"]
    for name, value in unperturbed.items():
        assert value == pytest.approx(scored[name]["mean"], rel=1e-5), name
    scores = {row["case"]: row for row in table(folder / "mc-dropout" / "30" / "cases.csv")}
    errors = []
    for case_id, row in scores.items():
        clean, turned = (
            {
                p.name.split(".")[0]: read(p)
                for p in (folder / "mc-dropout" / s / "predictions" / case_id).glob("*.nii.gz")
            }
            for s in ("0", "30")
        )
        for name in (
            "label",
            "mutual_information",
        ):  # at severity 0 the prediction is that of tfuq predict
            as_predicted = read(
                run / "predictions" / "mc-dropout" / case_id / f"{name}.nii.gz"
            ).array
            np.testing.assert_array_equal(clean[name].array, as_predicted)
        image = clean["image"].with_array(clean["image"].array[..., None])
        moved = perturb("rotation", Subject(image, clean["truth"]), 30, case_seed(0, case_id))
        np.testing.assert_array_equal(turned["truth"].array, moved.label.array)
        np.testing.assert_array_equal(turned["image"].array, moved.image.array[..., 0])
        classes = range(1, turned["probability"].array.shape[-1])
        found = [dice(turned["label"].array == k, turned["truth"].array == k) for k in classes]
        assert float(row["dice"]) == pytest.approx(np.mean(found), rel=1e-4)
        assert float(row["image_predictive_entropy"]) == pytest.approx(
            turned["predictive_entropy"].array.mean(), rel=1e-4
        )
        p, y = turned["probability"].array, turned["truth"].array
        errors.append(expected_calibration_error(p.reshape(-1, p.shape[-1]), y.ravel().astype(int)))
    summary = json.loads((folder / "mc-dropout" / "30" / "summary.json").read_text())
    assert summary["scores"]["ece"] == pytest.approx(np.mean(errors), rel=1e-4)
    assert {"strip-mc-dropout.png", "difference-mc-dropout.png"} <= {
        p.name for p in (folder / "figures").iterdir()
    }


@pytest.mark.slow
def test_landmarks_are_held_against_those_that_moved_and_stayed_inside(
    trained_task, tfuq, tmp_path
):
    run = own(trained_task("landmarks", "mc-dropout"), tmp_path)
    result = tfuq(
        "shift",
        run,
        "--perturbation",
        "scaling",
        "--severity",
        "-0.2:0.8:2",
        "--save-predictions",
        "--no-figures",
    )
    assert result.exit_code == 0, result.output
    config = trained_task("landmarks", "mc-dropout").config
    folder, patch = run / "shift" / "scaling" / "mc-dropout", tuple(config.network.patch_size)
    cases = {case.id: case for case in cases_of(config.data)}
    has_left = False
    for row in table(folder / "0.8" / "cases.csv"):
        size = read_case_image(cases[row["case"]]).shape[:2]
        points = rescale_points(reference_points(config, cases[row["case"]], size), size, patch)
        grid = Volume(
            np.zeros((*patch, 1, 1), np.float32),
            np.diag([size[0] / patch[0], size[1] / patch[1], 1, 1]),
        )
        moved = perturb("scaling", Subject(grid, points=points), 0.8, 0).points
        outside = (moved < -0.5).any(-1) | (moved > np.array(patch[::-1]) - 0.5).any(-1)
        has_left |= outside.any()
        truth = rescale_points(moved, patch, size)
        marks = [
            r
            for r in table(folder / "0.8" / "predictions" / "landmarks.csv")
            if r["case"] == row["case"]
        ]
        found = np.array([[float(r["x"]), float(r["y"])] for r in marks])
        expected = np.linalg.norm(found - truth, axis=1)[~outside].mean() * 0.67 * 288 / size[1]
        assert float(row["radial_error_mm"]) == pytest.approx(expected, rel=1e-4)
        assert float(row["max_activation"]) == pytest.approx(
            np.mean([float(r["max_activation"]) for r in marks]), rel=1e-4
        )
    assert has_left
    assert not (folder.parent / "figures").exists()
    assert [row["severity"] for row in table(folder.parent / "table.csv")] == ["-0.2", "0", "0.8"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--perturbation", "nois", "--severity", "1"), ("'nois'", "did you mean 'noise'")),
        (("--perturbation", "noise", "--severity", "1,x"), ("'x'", "not a number")),
        (("--perturbation", "noise", "--severity", ""), ("empty",)),
        (("--perturbation", "scaling", "--severity", "-1"), ("-1", "-0.9 to 9")),
        (
            ("--perturbation", "rotation-3d", "--severity", "10"),
            ("rotation-3d", "serves segmentation", "classification"),
        ),
        (("--perturbation", "missing-modality", "--severity", "1"), ("--channel",)),
        (
            ("--perturbation", "missing-modality", "--severity", "1", "--channel", "0"),
            ("one channel",),
        ),
        (("--perturbation", "noise", "--severity", "1", "--channel", "0"), ("takes no channel",)),
        (("--perturbation", "noise", "--severity", "1", "--method", "ensemble"), ("ensemble",)),
    ],
)
def test_bad_input_is_refused_and_leaves_no_study(arguments, words, trained_task, tfuq, tmp_path):
    run = own(trained_task("classification", "mc-dropout"), tmp_path)
    assert_refused(tfuq("shift", run, *arguments), *words)
    assert not list((run / "shift").glob("*/*/*"))


@pytest.mark.slow
def test_damaged_severities_are_refused(trained_task, tfuq, tmp_path):
    run = own(trained_task("classification", "mc-dropout"), tmp_path)
    arguments = (
        "shift",
        run,
        "--perturbation",
        "contrast",
        "--severity",
        "1",
        "--method",
        "deterministic",
    )
    assert tfuq(*arguments, "--no-figures").exit_code == 0
    written = files_of(run / "shift")
    place = run / "shift" / "contrast" / "deterministic" / "1"
    for name in ("summary.json", "cases.csv", "example.npz"):
        content = (place / name).read_bytes()
        (place / name).write_bytes(content[: len(content) // 2])
        assert_refused(tfuq(*arguments), name, "--overwrite")
        (place / name).write_bytes(content)
    (place / "summary.json").unlink()
    assert tfuq(*arguments, "--overwrite", "--no-figures").exit_code == 0
    assert files_of(run / "shift") == written


@pytest.mark.slow
def test_turned_heads_have_uncertainty_and_no_quality(trained_task, tfuq, tmp_path):
    run, heads = own(trained_task("landmarks", "mc-dropout"), tmp_path), tmp_path / "heads"
    synthesize("head-ct", heads, cases=1, seed=0)
    head = heads / "head_01.nii.gz"
    arguments = (
        "shift",
        run,
        "--perturbation",
        "rotation",
        "--severity",
        "0:45:3",
        "--head-ct",
        head,
    )
    result = tfuq(*arguments)
    assert result.exit_code == 0, result.output
    folder = run / "shift" / "rotation-head_01"
    rows = table(folder / "table.csv")
    assert [row["severity"] for row in rows] == ["0", "22.5", "45"]
    assert {row["radial_error_mm"] for row in rows} == {""}
    assert "severity 45: without a truth" in result.stderr
    assert len({row["max_activation"] for row in rows}) == 3
    assert (folder / "figures" / "severity.png").exists()
    assert (folder / "figures" / "strip-mc-dropout.png").exists()
    image = nib.load(head)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[::-1], image.affine), head)
    assert_refused(tfuq(*arguments), "--overwrite")  # another head of the same name


@pytest.mark.parametrize(
    ("task", "arguments", "words"),
    [
        ("landmarks", ("noise", "nothing.nii.gz"), ("--head-ct nothing.nii.gz", "rotation")),
        ("classification", ("rotation", "nothing.nii.gz"), ("run of landmarks",)),
        ("landmarks", ("rotation", "nothing.nii.gz"), ("nothing.nii.gz", "no such file")),
    ],
)
def test_what_is_no_head_is_refused(task, arguments, words, trained_task, tfuq, tmp_path):
    run, (name, head) = own(trained_task(task, "mc-dropout"), tmp_path), arguments
    assert_refused(
        tfuq("shift", run, "--perturbation", name, "--severity", "10", "--head-ct", head), *words
    )


@pytest.fixture(scope="module")
def referring(tmp_path_factory):
    """A run on a digits phantom whose rule of referral has a threshold.

    α is smaller than the share of wrong classes, about 5 %: a rule that can keep all cases without
    a perturbation has no threshold, and keeps all of them with one, too.
    """
    folder = tmp_path_factory.mktemp("referring")
    synthesize("digits", folder / "digits", cases=1797, seed=0)
    tree = task_settings("classification", folder / "digits").model_dump()
    tree["data"]["split"] |= {"train": 900, "validation": 97, "test": 300}
    tree["network"] |= {"widths": [6, 12], "dense_widths": [32]}
    tree["training"] |= {
        "epochs": 4,
        "steps_per_epoch": None,
        "batch_size": 32,
        "learning_rate": 0.003,
    }
    (folder / "digits.yaml").write_text(Config.model_validate(tree).dump())
    run = folder / "run"
    told("train", folder / "digits.yaml", "--run", run)
    told("calibrate", run, "--cases", "test:0.5", "--alpha", 0.05, "--samples", 10)
    return run


def told(*arguments):
    """What a command that must succeed says."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("perturbation", "severities"),
    [
        ("noise", "0,0.5,1,2"),
        ("bias", "0,1,2,3"),
        pytest.param("contrast", "0,1,2,3", id="contrast of another scanner"),
        pytest.param("downsampling", "0,1,2,4", id="voxels of another scanner"),
    ],
)
def test_more_cases_are_to_be_referred_the_farther_images_are_shifted(
    perturbation, severities, referring
):
    """The share is that of a review's rule on the cases that it was not made of."""
    asked = ("--perturbation", perturbation, "--severity", severities, "--samples", 10)
    shown = told("shift", referring, *asked, "--no-figures")
    rows = table(referring / "shift" / perturbation / "table.csv")
    shares = [float(row["referred_share"]) for row in rows]
    print(perturbation, shares, [row["accuracy"] for row in rows])
    assert {row["referred_of"] for row in rows} == {"150"}
    assert shares == sorted(shares)
    assert shares[-1] > shares[0] + 0.2
    assert "mc-dropout: share of 150 case(s) to refer, by severity: " in shown
