"""From a data set of nnU-Net to scores: check, train, predict a folder, score."""

import json
import os
import re
import shutil

import nibabel
import numpy as np
import pytest

from tests.conftest import assert_refused, real
from tests.support import references
from tests.support.nnunet_sets import V1, V2, tiny_arguments, write_description, write_set
from tfuq.runs import open_run

TESTS = ["ball_006", "ball_007", "ball_008", "ball_009"]


def test_a_check_shows_the_classes_of_the_description(nnunet_run, tfuq):
    root = nnunet_run.config.data.root
    result = tfuq("data", "check", *tiny_arguments(root))
    assert result.exit_code == 0, result.output
    head, *rows = result.stdout.splitlines()
    assert "whole_rest (ml)  core (ml)" in head
    assert f"10 cases in {root}, no problem found" in rows[-1]
    shares = "8 case(s) have voxels of data.ignore_label 3, 38.9% to 38.9% of their voxels"
    assert f"remark: {shares}" in result.stdout  # 7 of 18 planes


def test_a_run_has_what_the_description_says(nnunet_run):
    """And needs it no more."""
    data = open_run(nnunet_run.path).config.data
    assert data.classes == ["background", "whole_rest", "core"]
    assert data.regions == {"whole": ["whole_rest", "core"]}
    assert data.ignore_label == 3
    assert nnunet_run.facts["channels"] == 2
    assert nnunet_run.split["test"] == TESTS
    assert len(nnunet_run.split["train"]) == 4
    assert len(nnunet_run.split["validation"]) == 2


@pytest.mark.slow
def test_a_folder_of_images_is_predicted_where_the_data_set_is_not(nnunet_run, tfuq, tmp_path):
    """The run is moved elsewhere with ``imagesTs`` and ``labelsTs`` alone; scores are those of the labels."""
    root = nnunet_run.config.data.root
    run = shutil.copytree(nnunet_run.path, tmp_path / "run")
    for folder in ("imagesTs", "labelsTs"):
        shutil.copytree(f"{root}/{folder}", tmp_path / folder)
    config = run / "config.yaml"
    config.write_text(config.read_text().replace(root, "/nowhere/Dataset001_Balls"))
    arguments = ("--input", tmp_path / "imagesTs", "--out", tmp_path / "predicted")
    result = tfuq("predict", run, *arguments)
    assert result.exit_code == 0, result.output
    written = sorted(path.name for path in (tmp_path / "predicted").iterdir() if path.is_dir())
    assert written == TESTS
    labels = ("--reference", tmp_path / "labelsTs", "--no-figures")
    result = tfuq("score", tmp_path / "predicted", *labels)
    assert result.exit_code == 0, result.output
    path = tmp_path / "predicted" / "scores" / "summary.json"
    scores = json.loads(path.read_text())["scores"]
    dice = []
    for case in TESTS:
        label = nibabel.load(tmp_path / "predicted" / case / "label.nii.gz").get_fdata()
        truth = nibabel.load(tmp_path / "labelsTs" / f"{case}.nii.gz").get_fdata()
        known = truth != 3
        assert set(np.unique(label)) <= {0, 1, 2}
        dice.append(references.dice((label > 0) & known, (truth > 0) & known))
    assert scores["whole"]["dice"]["mean"] == pytest.approx(np.mean(dice), rel=1e-4)


def test_another_number_of_channels_is_refused(nnunet_run, tfuq, tmp_path):
    (tmp_path / "imagesTs").mkdir()
    for channel in range(3):
        source = f"{nnunet_run.config.data.root}/imagesTs/ball_006_0000.nii.gz"
        shutil.copy(source, tmp_path / "imagesTs" / f"ball_006_{channel:04d}.nii.gz")
    assert_refused(tfuq("predict", nnunet_run.path, "--input", tmp_path / "imagesTs"), "3", "2")


def test_a_file_of_splits_serves_the_check(nnunet_run, tfuq, tmp_path):
    root = nnunet_run.config.data.root
    names = [f"ball_{index:03d}" for index in range(6)]
    path = tmp_path / "splits_final.json"
    path.write_text(json.dumps([{"train": names[:5], "val": names[5:]}]))
    result = tfuq("data", "check", *tiny_arguments(root, f"data.split.file={path}"))
    assert result.exit_code == 0, result.output
    parts = [line.split()[1] for line in result.stdout.splitlines()[1:11]]
    assert parts == ["train"] * 5 + ["validation"] + ["test"] * 4
    path.write_text(json.dumps([{"train": names[:5], "val": ["ball_4"]}]))
    result = tfuq("data", "check", *tiny_arguments(root, f"data.split.file={path}"))
    assert_refused(result, "'ball_4' of val is no labelled training case")


def test_advice_on_a_class_that_no_case_has_is_accepted(tfuq, tmp_path):
    labels = {"background": 0, "ball": 1, "none": 3, "core": 2}
    root = write_set(tmp_path / "data", V2, labels=labels)
    result = tfuq("data", "check", *tiny_arguments(root))
    assert_refused(result, "class 'none' has no voxel in any training case")
    advice = re.search(r"data.classes: (\[.*?\])", result.stderr)
    result = tfuq("data", "check", *tiny_arguments(root, f"data.classes={advice[1]}"))
    assert result.exit_code == 0, result.output
    labels = {"background": 0, "none": 1, "ball": 2, "core": 3}
    for path in root.glob("labelsT*/*"):
        file = nibabel.load(path)
        label = np.asanyarray(file.dataobj)
        nibabel.save(nibabel.Nifti1Image(label + (label > 0), file.affine), path)
    write_description(root, V2, labels=labels)
    result = tfuq("data", "check", *tiny_arguments(root))
    advice = re.search(r"data.classes: (\[.*?\]) .*data.label_values: (\{.*?\})", result.stderr)
    overrides = (f"data.classes={advice[1]}", f"data.label_values={advice[2]}")
    result = tfuq("data", "check", *tiny_arguments(root, *overrides))
    assert result.exit_code == 0, result.output


def test_a_data_set_without_a_description_is_refused(tfuq, tmp_path):
    assert_refused(tfuq("train", *tiny_arguments(tmp_path)), "dataset.json: is not there")


def chain(tfuq, root, folder, *overrides):
    """Check, train, predict ``imagesTs`` and score: the scores."""
    run = folder / "run"
    arguments = tiny_arguments(root, *overrides)
    images = ("--input", root / "imagesTs", "--out", folder / "predicted")
    labels = ("--reference", root / "labelsTs", "--no-figures")
    for command in (
        ("data", "check", *arguments),
        ("train", *arguments, "--run", run),
        ("predict", run, *images),
        ("score", folder / "predicted", *labels),
    ):
        result = tfuq(*command)
        assert result.exit_code == 0, result.output
    path = folder / "predicted" / "scores" / "summary.json"
    return open_run(run), json.loads(path.read_text())["scores"]


@pytest.mark.slow
@pytest.mark.parametrize("content", [V1, V2], ids=["v1", "v2"])
def test_the_whole_way(tfuq, tmp_path, content):
    root = write_set(tmp_path / "Task001_Balls", content)
    run, scores = chain(tfuq, root, tmp_path)
    assert run.config.data.classes == ["background", "ball", "core"]
    assert list(scores) == ["ball", "core", "all"]


@pytest.mark.slow
def test_the_whole_way_of_pictures(tfuq, tmp_path):
    """RGB pictures of one file each, as nnU-Net takes them."""
    from PIL import Image

    names = {"0": "R", "1": "G", "2": "B"}
    labels = {"background": 0, "road": 1}
    root = write_description(
        tmp_path / "Dataset120_Roads", V2, channel_names=names, labels=labels, file_ending=".png",
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for index in range(8):
        part = "Tr" if index < 6 else "Ts"
        _, columns = np.indices((20, 30))
        road = np.abs(columns - rng.integers(8, 20)) < 4
        picture = road[..., None] * 100 + rng.integers(0, 50, (20, 30, 3))
        for folder, array in ((f"images{part}", picture), (f"labels{part}", road)):
            (root / folder).mkdir(exist_ok=True)
            name = f"r{index}_0000.png" if folder.startswith("images") else f"r{index}.png"
            Image.fromarray(array.astype(np.uint8)).save(root / folder / name)
    overrides = ("network.patch_size=[16, 16]", "preprocessing.slice_axis=2")
    run, scores = chain(tfuq, root, tmp_path, *overrides)
    assert run.facts["channels"] == 3
    assert list(scores) == ["road", "all"]


@pytest.mark.slow
def test_the_real_hippocampus_as_nnunet_has_it(tfuq, tmp_path):
    """``Task04_Hippocampus``, converted as ``nnUNetv2_convert_MSD_dataset`` does, by links."""
    source = real("Task04_Hippocampus")
    index = json.loads((source / "dataset.json").read_text())
    root = tmp_path / "Dataset004_Hippocampus"
    count = 20
    for number, entry in enumerate(index["training"][: count + 3]):
        part = "Tr" if number < count else "Ts"
        name = os.path.basename(entry["image"]).removesuffix(".nii.gz")
        for key, path in (
            ("image", f"images{part}/{name}_0000"),
            ("label", f"labels{part}/{name}"),
        ):
            link = root / f"{path}.nii.gz"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((source / entry[key]).resolve())
    names = {name: int(value) for value, name in index["labels"].items()}
    write_description(root, V2, channel_names=index["modality"], labels=names, numTraining=count)
    run, scores = chain(
        tfuq, root, tmp_path, "network.patch_size=[48, 64, 48]", "training.steps_per_epoch=8"
    )
    assert run.config.data.classes == [
        name for name, _ in sorted(names.items(), key=lambda i: i[1])
    ]
    assert len(run.split["test"]) == 3
    assert scores["all"]["dice"]["n"] == 3
