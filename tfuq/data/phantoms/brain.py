"""A small brain of two or three modalities with ambiguous boundaries.

It has background, cerebrospinal fluid, grey and white matter. The depth below the brain's folded
surface decides the tissue, as `tfuq.data.phantoms.ambiguity` has it.
"""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

from tfuq.data.headers import SCANNER, SpatialHeader
from tfuq.data.phantoms import decathlon
from tfuq.data.phantoms.ambiguity import (
    LabelledPhantom,
    depth_below,
    draw_label,
    label_probabilities,
    smooth_field,
    write_truth,
)
from tfuq.data.volume import Volume
from tfuq.data.writers import write_bytes, write_nifti

SHAPE = (32, 32, 32)
RATERS = 4
TISSUES = ("background", "cerebrospinal fluid", "grey matter", "white matter")
MODALITIES = ("T1", "T2")
ISEG_VALUES = np.array([0, 10, 150, 250], np.int16)
# Of MRBrainS13's labels for training, those of the cortex's parts.
MRBRAINS_VALUES = np.array([0, 5, 1, 3], np.int16)
_MRBRAINS_FILES = ("T1", "T1_IR", "T2_FLAIR")
_MRBRAINS_INTENSITIES = np.array([[0, 40, 90, 120], [0, 60, 90, 140], [0, 30, 120, 95]], float)
_THRESHOLDS = (0.0, 3.0, 6.5)  # depth in voxels at which each tissue begins
_INTENSITIES = np.array([[0, 40, 90, 120], [0, 130, 100, 80]], float)  # by modality and tissue
_NOISE = 6.0
_BIAS = 0.1
_AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
_HEADER = SpatialHeader.of_affine(_AFFINE, SCANNER)
_DECATHLON = decathlon.DecathlonSet(
    title="Brain phantom", modalities=MODALITIES, classes=TISSUES, affine=_AFFINE
)


def brain_phantom(
    rng: np.random.Generator, *, raters: int = RATERS, intensities: np.ndarray = _INTENSITIES
) -> LabelledPhantom:
    """Draw a brain, its images, and what several raters make of it.

    Args:
        rng: The source of randomness.
        raters: How many raters label it.
        intensities: Of each modality and tissue, ``[C, 4]``.
    """
    depth = _depth(rng)
    ambiguity = rng.uniform(0.3, 0.6)
    labels = [draw_label(rng, depth, _THRESHOLDS, ambiguity) for _ in range(raters)]
    probabilities = label_probabilities(depth, _THRESHOLDS, ambiguity)
    images = [_image(rng, probabilities @ of_tissues) for of_tissues in intensities]
    return LabelledPhantom(
        image=np.stack(images, -1).astype(np.float32),
        probabilities=probabilities.astype(np.float32),
        raters=np.array(labels, np.uint8),
    )


def _depth(rng: np.random.Generator) -> np.ndarray:
    middle = (np.array(SHAPE) - 1) / 2
    centre = middle + rng.uniform(-1, 1, 3)
    radii = rng.uniform(11, 13.5, 3)
    return depth_below(rng, SHAPE, centre, radii, folds=2.5)


def _image(rng: np.random.Generator, clean: np.ndarray) -> np.ndarray:
    biased = clean * (1 + _BIAS * smooth_field(rng, SHAPE, 8.0))
    return biased + rng.normal(0, _NOISE, SHAPE)


def write_brain_decathlon(folder: Path, cases: int, seed: int) -> None:
    """Write the Medical Decathlon's layout: both modalities in one 4D file.

    Args:
        folder: The folder of the data set.
        cases: How many cases to write.
        seed: The same seed writes the same bytes.
    """
    phantoms = (
        (f"brain_{number:03d}", brain_phantom(np.random.default_rng([seed, number])))
        for number in range(1, cases + 1)
    )
    _DECATHLON.write(folder, phantoms)


def write_brain_iseg2017(folder: Path, cases: int, seed: int) -> None:
    """Write iSeg-2017's layout: Analyze pairs per modality, label values 0, 10, 150 and 250.

    Args:
        folder: The folder of the data set.
        cases: How many cases to write.
        seed: The same seed writes the same bytes.
    """
    for number in range(1, cases + 1):
        name = f"subject-{number}"
        phantom = brain_phantom(np.random.default_rng([seed, number]))
        for channel, modality in enumerate(MODALITIES):
            image = np.rint(phantom.image[..., channel]).astype(np.int16)
            _write_analyze(folder / f"{name}-{modality}", image)
        _write_analyze(folder / f"{name}-label", ISEG_VALUES[phantom.raters[0]])
        write_truth(folder, name, phantom.probabilities, phantom.raters, _AFFINE)


def write_brain_mrbrains(folder: Path, cases: int, seed: int) -> None:
    """Write MRBrainS13's layout: T1, T1-IR and FLAIR, and labels by its numbers.

    Args:
        folder: The folder of the data set.
        cases: How many cases to write.
        seed: The same seed writes the same bytes.
    """
    for number in range(1, cases + 1):
        rng = np.random.default_rng([seed, number])
        phantom = brain_phantom(rng, intensities=_MRBRAINS_INTENSITIES)
        subject = folder / "TrainingData" / f"{number}"
        for channel, name in enumerate(_MRBRAINS_FILES):
            image = np.rint(phantom.image[..., channel]).astype(np.int16)
            write_nifti(subject / f"{name}.nii", _label_volume(image))
        label = _label_volume(MRBRAINS_VALUES[phantom.raters[0]])
        write_nifti(subject / "LabelsForTraining.nii", label)
        write_truth(folder, f"{number}", phantom.probabilities, phantom.raters, _AFFINE)


def _label_volume(array: np.ndarray) -> Volume:
    return Volume(array, _AFFINE, _HEADER)


def _write_analyze(path: Path, array: np.ndarray) -> None:
    header = nibabel.Spm2AnalyzeImage(array, _AFFINE).header
    write_bytes(path.with_name(f"{path.name}.img"), array.tobytes(order="F"))
    write_bytes(path.with_name(f"{path.name}.hdr"), header.binaryblock)
