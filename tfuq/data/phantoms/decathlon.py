"""Files in the layout of the Medical Segmentation Decathlon."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.headers import SCANNER, SpatialHeader
from tfuq.data.phantoms.ambiguity import LabelledPhantom, write_truth
from tfuq.data.volume import Volume
from tfuq.data.writers import write_json, write_nifti


@dataclass(frozen=True, kw_only=True)
class DecathlonSet:
    """What all cases of a data set have in common.

    Attributes:
        title: The name of the data set.
        modalities: The name of each channel.
        classes: The name of each class, from 0.
        affine: Of the images and labels.
    """

    title: str
    modalities: Sequence[str]
    classes: Sequence[str]
    affine: np.ndarray

    def write(self, folder: Path, phantoms: Iterable[tuple[str, LabelledPhantom]]) -> None:
        """Write the cases with what is known of their truth, and the index.

        Args:
            folder: The folder of the data set.
            phantoms: Each with the name of its case.
        """
        names = []
        for name, phantom in phantoms:
            self._write_case(folder, name, phantom)
            names.append(name)
        write_index(folder, self.title, self.modalities, self.classes, names)

    def _write_case(self, folder: Path, name: str, phantom: LabelledPhantom) -> None:
        header = SpatialHeader.of_affine(self.affine, SCANNER)
        image = Volume(phantom.image, self.affine, header, phantom.image.ndim)
        write_nifti(folder / "imagesTr" / f"{name}.nii.gz", image)
        label = Volume(phantom.raters[0], self.affine, header)
        write_nifti(folder / "labelsTr" / f"{name}.nii.gz", label)
        write_truth(folder, name, phantom.probabilities, phantom.raters, self.affine)


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
