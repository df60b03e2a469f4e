"""Structures that the network's grid loses: said by check, train and doctor, and refused."""

import csv
import json
import logging
import re

import nibabel
import numpy as np
import pytest

from tests.conftest import LISTED_SPLIT, assert_refused, ball_case, settings
from tfuq.config import Config
from tfuq.config.text import read_yaml
from tfuq.data.layouts import cases_of
from tfuq.data.sets.segmentation import SegmentationSet

COARSE = {"spacing": [1.0, 1.0, 1.0]}
_PROPOSED = re.compile(r"(preprocessing\.spacing), as in (\[[^]]*\])")


@pytest.fixture(scope="module")
def vessels(tmp_path_factory):
    """Balls beside a vessel of 0.25 mm, a voxel thick, where no voxel of 1 mm has its centre.

    In the last case it is 1 mm thick.
    """
    root = tmp_path_factory.mktemp("vessels")
    entries = []
    for number in range(6):
        image, label = ball_case(np.random.default_rng(number), (40, 40, 40))
        label = (label > 0).astype(np.uint8)
        label[0, 0, :] = 2
        if number == 5:
            label[0:4, 0:4, :] = 2
        image += 50.0 * (label == 2)
        entry = {}
        for kind, array in (("image", image), ("label", label)):
            path = root / f"{kind}sTr" / f"ball_{number:03d}.nii.gz"
            path.parent.mkdir(exist_ok=True)
            nibabel.save(nibabel.Nifti1Image(array, np.diag([0.25, 0.25, 0.25, 1.0])), path)
            entry[kind] = f"{kind}sTr/{path.name}"
        entries.append(entry)
    (root / "dataset.json").write_text(json.dumps({"training": entries}))
    return root


def config_of(root, train, steps=COARSE):
    split = LISTED_SPLIT | {"train": train, "validation": ["ball_003"], "test": ["ball_004"]}
    classes = ["rest", "ball", "vessel"]
    data = {"split": split, "classes": classes}
    return settings(root, "deterministic", data=data, preprocessing=steps)


def written(path, config):
    path.write_text(config.dump())
    return path


def test_a_vessel_that_vanishes_everywhere_is_refused_by_train(vessels, tfuq, tmp_path):
    config = config_of(vessels, ["ball_000", "ball_001", "ball_002"])
    path = written(tmp_path / "config.yaml", config)
    result = tfuq("train", path, "--run", tmp_path / "run")
    words = "class 'vessel' has 120 voxel(s) in the training labels and none on the network's grid"
    assert_refused(result, words, "voxels of 0.25×0.25×0.25 become 1×1×1")
    ((key, value),) = _PROPOSED.findall(result.stderr)
    tree = config.model_dump()
    tree["preprocessing"]["spacing"] = read_yaml(value, key)
    obeyed = Config.model_validate(tree)
    cases = [case for case in cases_of(obeyed.data) if case.id in obeyed.data.split.train]
    assert SegmentationSet(obeyed, cases, None).losses == []


def test_a_vessel_that_vanishes_is_told_by_check_with_every_class_on_both_grids(
    vessels, tfuq, tmp_path
):
    config = config_of(vessels, ["ball_000", "ball_005", "ball_002"])
    path = written(tmp_path / "config.yaml", config)
    result = tfuq("data", "check", path, "--table", tmp_path / "table.csv")
    assert result.exit_code == 0, result.output
    assert "'vessel' vanishes in 5 of 6 case(s) (ball_000 and 4 more)" in result.stdout
    (row,) = [line for line in result.stdout.splitlines() if line.startswith("vessel")]
    assert re.split(r"\s{2,}", row) == ["vessel", "6 of 6", "840", "10", "0 %", "5", "0"]
    assert "10×10×10 of 1×1×1" in result.stdout
    with (tmp_path / "table.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["class"] == "vessel"]
    assert [row["voxels"] for row in rows] == ["40"] * 5 + ["640"]
    assert [row["network_voxels"] for row in rows] == ["0"] * 5 + ["10"]
    refused = tfuq("data", "check", written(path, config_of(vessels, ["ball_000"])))
    assert_refused(refused, "class 'vessel' has 40 voxel(s) in the training labels and none")


@pytest.mark.slow
def test_a_vessel_that_vanishes_in_some_cases_is_told_by_train_and_doctor(
    vessels, tfuq, tmp_path, caplog
):
    path = written(tmp_path / "config.yaml", config_of(vessels, ["ball_000", "ball_005"]))
    with caplog.at_level(logging.WARNING, "tfuq"):
        result = tfuq("train", path, "--run", tmp_path / "run")
    assert result.exit_code == 0, result.output
    words = "'vessel' vanishes in 1 of 2 case(s) (ball_000)"
    assert words in caplog.text + result.stderr
    examined = tfuq("doctor", tmp_path / "run")
    assert "caution (grid): on the network's grid, 'vessel' vanishes in 3 of 4" in examined.output
    assert "preprocessing.spacing, as in [0.25, 0.25, 0.25]; then train again" in examined.output


def test_healthy_cases_pass_and_are_counted(vessels, tfuq, tmp_path):
    healthy = np.zeros((40, 40, 40), np.uint8)
    for number in (1, 4):
        (tmp_path / "label").mkdir(exist_ok=True)
        nibabel.save(
            nibabel.Nifti1Image(healthy, np.diag([0.25, 0.25, 0.25, 1.0])),
            tmp_path / "label" / f"ball_{number:03d}.nii.gz",
        )
    for number in (0, 2, 3, 5):
        name = f"ball_{number:03d}.nii.gz"
        (tmp_path / "label" / name).symlink_to(vessels / "labelsTr" / name)
    (tmp_path / "image").symlink_to(vessels / "imagesTr")
    config = config_of(tmp_path, ["ball_000", "ball_001"], {})
    data = config.data.model_copy(update={"layout": "folder"})
    path = written(tmp_path / "config.yaml", config.model_copy(update={"data": data}))
    result = tfuq("data", "check", path)
    assert result.exit_code == 0, result.output
    assert "2 of 6 labelled case(s) have no voxel of any foreground class" in result.stdout
