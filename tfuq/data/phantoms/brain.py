"""A small brain of two modalities: background, cerebrospinal fluid, grey and white matter, with ambiguous boundaries.

The depth below the brain's folded surface decides the tissue, as `tfuq.data.phantoms.ambiguity` has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from tfuq.data.phantoms.ambiguity import depth_below, draw_label, label_probabilities, smooth_field, write_truth
from tfuq.data.volume import Volume
from tfuq.data.writers import write_bytes, write_json, write_nifti

SHAPE = (32, 32, 32)
RATERS = 4
TISSUES = ("background", "cerebrospinal fluid", "grey matter", "white matter")
ISEG_VALUES = np.array([0, 10, 150, 250], np.int16)
_THRESHOLDS = (0.0, 3.0, 6.5)  # depth in voxels at which each tissue begins
_INTENSITIES = np.array([[0, 40, 90, 120], [0, 130, 100, 80]], float)  # T1, T2 by tissue
_NOISE, _BIAS = 6.0, 0.1
_AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


@dataclass(frozen=True)
class BrainPhantom:
    """``images [X, Y, Z, 2]``, ``probabilities [X, Y, Z, 4]``, ``raters [R, X, Y, Z]``; the first rater is the reference."""

    images: np.ndarray
    probabilities: np.ndarray
    raters: np.ndarray


def brain_phantom(rng: np.random.Generator, *, raters: int = RATERS) -> BrainPhantom:
    """Draw a brain, its images, and what several raters make of it."""
    depth, ambiguity = _depth(rng), rng.uniform(0.3, 0.6)
    probabilities = label_probabilities(depth, _THRESHOLDS, ambiguity)
    labels = [draw_label(rng, depth, _THRESHOLDS, ambiguity) for _ in range(raters)]
    images = [_image(rng, probabilities @ intensities) for intensities in _INTENSITIES]
    return BrainPhantom(np.stack(images, -1).astype(np.float32), probabilities.astype(np.float32), np.array(labels, np.uint8))


def _depth(rng: np.random.Generator) -> np.ndarray:
    centre = (np.array(SHAPE) - 1) / 2 + rng.uniform(-1, 1, 3)
    return depth_below(rng, SHAPE, centre, rng.uniform(11, 13.5, 3), folds=2.5)


def _image(rng: np.random.Generator, clean: np.ndarray) -> np.ndarray:
    return clean * (1 + _BIAS * smooth_field(rng, SHAPE, 8.0)) + rng.normal(0, _NOISE, SHAPE)


def write_brain_decathlon(folder: Path, cases: int, seed: int) -> None:
    """The Medical Decathlon's layout: both modalities in one 4D file."""
    entries = []
    for number in range(1, cases + 1):
        phantom, name = brain_phantom(np.random.default_rng([seed, number])), f"brain_{number:03d}"
        write_nifti(folder / "imagesTr" / f"{name}.nii.gz", Volume(phantom.images, _AFFINE, (1, 1), 4))
        write_nifti(folder / "labelsTr" / f"{name}.nii.gz", _labels(phantom.raters[0]))
        _write_truth(folder, name, phantom)
        entries.append({"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"})
    index = {"name": "Brain phantom", "tensorImageSize": "4D", "modality": {"0": "T1", "1": "T2"}}
    index |= {"labels": {str(k): tissue for k, tissue in enumerate(TISSUES)}, "numTraining": cases, "training": entries}
    write_json(folder / "dataset.json", index)


def write_brain_iseg2017(folder: Path, cases: int, seed: int) -> None:
    """iSeg-2017's layout: Analyze pairs per modality, label values 0, 10, 150 and 250."""
    for number in range(1, cases + 1):
        phantom, name = brain_phantom(np.random.default_rng([seed, number])), f"subject-{number}"
        for channel, modality in enumerate(("T1", "T2")):
            _write_analyze(folder / f"{name}-{modality}", np.rint(phantom.images[..., channel]).astype(np.int16))
        _write_analyze(folder / f"{name}-label", ISEG_VALUES[phantom.raters[0]])
        _write_truth(folder, name, phantom)


def _write_truth(folder: Path, name: str, phantom: BrainPhantom) -> None:
    probabilities = Volume(phantom.probabilities, _AFFINE, (1, 1), 4)
    write_truth(folder, name, probabilities, [_labels(labels) for labels in phantom.raters])


def _labels(array: np.ndarray) -> Volume:
    return Volume(array, _AFFINE, (1, 1))


def _write_analyze(path: Path, array: np.ndarray) -> None:
    header = nibabel.Spm2AnalyzeImage(array, _AFFINE).header
    write_bytes(path.with_name(f"{path.name}.img"), array.tobytes(order="F"))
    write_bytes(path.with_name(f"{path.name}.hdr"), header.binaryblock)
