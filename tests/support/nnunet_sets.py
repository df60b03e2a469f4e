"""Data sets in nnU-Net's raw format, of balls: written as nnU-Net's documentation has them."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np

from tests.conftest import BALLS_AFFINE, ball_case

V2 = {
    "channel_names": {"0": "T1", "1": "T2"},
    "labels": {"background": 0, "ball": 1, "core": 2},
    "numTraining": 6,
    "file_ending": ".nii.gz",
    "overwrite_image_reader_writer": "SimpleITKIO",
}
V1 = {
    "name": "Balls",
    "tensorImageSize": "4D",
    "modality": {"0": "T1", "1": "T2"},
    "labels": {"0": "background", "1": "ball", "2": "core"},
    "numTraining": 6,
    "numTest": 2,
    "training": [],
    "test": [],
}
REGIONS = {"background": 0, "whole": [1, 2], "core": [2]}
IGNORE = {"background": 0, "ball": 1, "core": 2, "ignore": 3}
IGNORED = (slice(0, 7), slice(None), slice(None))  # what nothing is known of, in every case


def write_description(root: Path, content: dict, **changes) -> Path:
    """The file ``dataset.json`` of a folder, which is returned; what is changed to None is left out."""
    root.mkdir(parents=True, exist_ok=True)
    tree = {key: value for key, value in (content | changes).items() if value is not None}
    (root / "dataset.json").write_text(json.dumps(tree))
    return root


def write_set(
    root: Path, content: dict = V2, *, tests: int = 2, labelled_tests: bool = True, **changes
) -> Path:
    """Six training cases and some for testing, of as many channels as ``content`` names.

    Where its labels have ``ignore``, the voxels of `IGNORED` have that value.
    """
    write_description(root, content, **changes)
    tree = json.loads((root / "dataset.json").read_text())
    channels = len(tree.get("channel_names", tree.get("modality")))
    ignored = tree["labels"].get("ignore")
    rng = np.random.default_rng(7)
    for index in range(6 + tests):
        part = "Tr" if index < 6 else "Ts"
        image, label = ball_case(rng)
        for channel in range(channels):
            array = image * (channel + 1) + rng.normal(0, 1, image.shape)
            _save(
                root / f"images{part}" / f"ball_{index:03d}_{channel:04d}.nii.gz", array, np.float32
            )
        if ignored is not None:
            label = label.copy()
            label[IGNORED] = ignored
        if part == "Tr" or labelled_tests:
            _save(root / f"labels{part}" / f"ball_{index:03d}.nii.gz", label, np.uint8)
    return root


def _save(path: Path, array: np.ndarray, kind: type) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(array.astype(kind), BALLS_AFFINE), path)


WHOLE = ("ball_008", "ball_009")  # of `write_partly_labelled`, the cases without voxels to ignore


def write_partly_labelled(root: Path) -> Path:
    """Regions and voxels to ignore; of the four cases for testing, the last two are labelled whole."""
    labels = REGIONS | {"ignore": 3}
    write_set(root, V2, tests=4, labels=labels, regions_class_order=[1, 2])
    for name in WHOLE:
        path = root / "labelsTs" / f"{name}.nii.gz"
        label = nibabel.load(path).get_fdata()
        _save(path, np.where(label == 3, 0, label), np.uint8)
    return root


def tiny_settings(root: Path, *overrides: str) -> tuple[str, ...]:
    """What makes the shipped configuration of nnU-Net's data sets train in seconds."""
    return (
        f"data.root={root}",
        "network.patch_size=[16, 16, 16]",
        "network.widths=[4, 8]",
        "network.level_dropout={2: 0.5}",
        "training.epochs=1",
        "training.steps_per_epoch=2",
        "prediction.samples=2",
        "prediction.min_component_voxels=1",
        *overrides,
    )


def tiny_arguments(root: Path, *overrides: str) -> list[str]:
    """The shipped configuration with `tiny_settings`, as arguments of a command."""
    arguments = ["nnunet"]
    for override in tiny_settings(root, *overrides):
        arguments += ["-o", override]
    return arguments
