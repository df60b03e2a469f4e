"""Files in the layout of the Medical Segmentation Decathlon."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq.data.volume import Volume
from tfuq.data.writers import write_json, write_nifti


def write_case(folder: Path, name: str, image: Volume, label: Volume) -> None:
    """Write a case's image and label."""
    write_nifti(folder / "imagesTr" / f"{name}.nii.gz", image)
    write_nifti(folder / "labelsTr" / f"{name}.nii.gz", label)


def write_index(
    folder: Path,
    title: str,
    modalities: Sequence[str],
    classes: Sequence[str],
    names: Sequence[str],
) -> None:
    """Write ``dataset.json``, which lists the cases.

    Args:
        folder: The folder of the data set.
        title: The name of the data set.
        modalities: The name of each channel.
        classes: The name of each class, from 0.
        names: The name of each case.
    """
    entries = []
    for name in names:
        image = f"./imagesTr/{name}.nii.gz"
        label = f"./labelsTr/{name}.nii.gz"
        entries.append({"image": image, "label": label})
    size = "3D"
    if len(modalities) > 1:
        size = "4D"
    index = {
        "name": title,
        "tensorImageSize": size,
        "modality": _numbered(modalities),
        "labels": _numbered(classes),
        "numTraining": len(names),
        "training": entries,
    }
    write_json(folder / "dataset.json", index)


def _numbered(names: Sequence[str]) -> dict[str, str]:
    return {str(number): name for number, name in enumerate(names)}
