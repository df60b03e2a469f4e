"""Data sets of discs whose images have several channels, in every way that files can hold them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image

from tests.support.data_files import write_nifti_file
from tests.support.dicom import MR, Scan

CASES = 5
NAMES = ("T1", "T1_IR", "T2_FLAIR")  # as MRBrainS names its files


def disc_channels(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """An image ``[16, 16, 2, 3]``, whose channels show a disc in ways of their own, and its label."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((16, 16))
    centre = rng.uniform(6, 10, 2)
    disc = np.hypot(rows - centre[0], columns - centre[1]) < 4
    label = np.repeat(disc[:, :, None], 2, 2).astype(np.uint8)
    image = label[..., None] * np.array([80, -60, 40]) + rng.integers(90, 110, (16, 16, 2, 3))
    return image.astype(np.uint8), label


def write_named(root: Path) -> Path:
    """A folder per case with a file per channel and another file, and a folder of labels."""
    for number in range(CASES):
        image, label = disc_channels(number)
        write_named_case(root / "image" / str(number), image)
        (root / "label").mkdir(exist_ok=True)
        write_nifti_file(root / "label" / f"{number}.nii.gz", label)
    return root


def write_named_case(folder: Path, image: np.ndarray, names: Sequence[str] = NAMES) -> None:
    """A file per channel, and one of no channel as MRBrainS has it."""
    folder.mkdir(parents=True)
    for index, name in enumerate(names):
        write_nifti_file(folder / f"{name}.nii", image[..., index])
    write_nifti_file(folder / "T1_1mm.nii", image[..., 0])


def write_series(root: Path) -> Path:
    """A folder per case with the folder of a DICOM series per channel, and a folder of labels."""
    for number in range(CASES):
        image, label = disc_channels(number)
        affine = write_series_case(root / "image", f"{number}/{{}}", image)
        (root / "label").mkdir(exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(label, affine), root / "label" / f"{number}.nii.gz")
    return root


def write_series_case(folder: Path, pattern: str, image: np.ndarray) -> np.ndarray:
    """A DICOM series for each channel in a folder of that name; the affine of their grid."""
    for index, name in enumerate(NAMES):
        scan = Scan(image[..., index].T.astype(np.int16), spacing=(1, 1), step=1)
        scan.write(folder / pattern.format(name), sop_class=MR)
    return scan.affine()


def write_numbered(root: Path) -> Path:
    """Channels by nnU-Net's numbers, and a folder of labels."""
    for number in range(CASES):
        image, label = disc_channels(number)
        for folder in ("image", "label"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        write_numbered_case(root / "image", str(number), image)
        write_nifti_file(root / "label" / f"{number}.nii.gz", label)
    return root


def write_numbered_case(folder: Path, name: str, image: np.ndarray) -> None:
    for index in range(image.shape[-1]):
        write_nifti_file(folder / f"{name}_{index:04d}.nii.gz", image[..., index])


def write_four_axes(root: Path) -> Path:
    """Channels as a fourth axis, in the Decathlon's layout."""
    entries = []
    for number in range(CASES):
        entry = {}
        arrays = zip(("image", "label"), disc_channels(number), strict=True)
        for kind, array in arrays:
            path = root / f"{kind}sTr" / f"{number}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)
            entry[kind] = str(path.relative_to(root))
        entries.append(entry)
    modality = {str(number): name for number, name in enumerate(NAMES)}
    index = {"modality": modality, "numTraining": CASES, "training": entries}
    (root / "dataset.json").write_text(json.dumps(index))
    return root


def write_colours(root: Path) -> Path:
    """Pictures in colour, and a folder of labels."""
    for number in range(CASES):
        image, label = disc_channels(number)
        for folder, array in (("image", image[:, :, 0]), ("label", label[:, :, 0])):
            (root / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(root / folder / f"{number}.png")
    return root


def channel_settings(root: Path, layout: str, channels: Sequence[str] = ()) -> str:
    """A configuration that trains in seconds."""
    named = f"channels: {json.dumps(list(channels))}, " if channels else ""
    return (
        "name: channels\nmethod: mc-dropout\n"
        f"data: {{layout: {layout}, root: {root}, source: made here, licence: none, {named}"
        "classes: [rest, disc], split: {train: 3, validation: 1, test: 1}}\n"
        "preprocessing: {slice_axis: 2}\n"
        "network: {patch_size: [16, 16], widths: [4, 8], level_dropout: {2: 0.5}}\n"
        "training: {steps_per_epoch: 2, epochs: 1, batch_size: 2}\n"
        "prediction: {samples: 2}\n"
    )
