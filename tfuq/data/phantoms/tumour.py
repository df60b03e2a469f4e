"""Brains with a nested tumour in the four modalities and the layout of BraTS 2018.

Necrosis lies within enhancing tumour, which lies within oedema.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.headers import SCANNER, SpatialHeader
from tfuq.data.phantoms.ambiguity import (
    depth_below,
    draw_label,
    label_probabilities,
    smooth_field,
    write_truth,
)
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti

SHAPE = (48, 48, 32)
RATERS = 3
VALUES = (0, 1, 2, 4)  # background, necrosis, oedema, enhancing tumour, as the official labels
_FROM_OUTSIDE = (0, 2, 3, 1)  # indices into VALUES of what one meets on the way to the middle
# The depth at which each tissue begins, over the tumour's radius.
_LEVELS = {"HGG": (0.0, 0.3, 0.65), "LGG": (0.0, 0.55, 0.8)}
_INTENSITIES = {  # healthy tissue, necrosis, oedema, enhancing tumour
    "flair": (250, 180, 480, 400),
    "t1": (400, 220, 300, 330),
    "t1ce": (400, 230, 310, 650),
    "t2": (260, 520, 450, 380),
}
_NOISE = 12.0
_CONTRAST = 45.0
_BIAS = 0.08
_Shape = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class TumourPhantom:
    """A phantom of a brain with a tumour.

    Attributes:
        images: ``[X, Y, Z]`` by modality, 0 outside the brain.
        probabilities: ``[X, Y, Z, 4]`` in the order of `VALUES`.
        raters: Labels ``[R, X, Y, Z]`` as values; the first rater is the reference.
    """

    images: dict[str, np.ndarray]
    probabilities: np.ndarray
    raters: np.ndarray


@dataclass(frozen=True, kw_only=True)
class _Anatomy:
    """What an image is made from.

    Attributes:
        is_brain: ``[X, Y, Z]``.
        probabilities: ``[X, Y, Z, 4]`` in the order of `VALUES`.
        contrast: Between grey and white matter, ``[X, Y, Z]``.
    """

    is_brain: np.ndarray
    probabilities: np.ndarray
    contrast: np.ndarray


def tumour_phantom(
    rng: np.random.Generator, shape: _Shape = SHAPE, *, grade: str = "HGG"
) -> TumourPhantom:
    """Draw a brain, its tumour, its images, and what several raters make of it.

    Args:
        rng: The source of randomness.
        shape: Voxels along each axis.
        grade: Of the tumour: ``HGG`` or ``LGG``.
    """
    size = np.array(shape)
    ambiguity = rng.uniform(0.4, 0.8)
    is_brain = depth_below(rng, shape, (size - 1) / 2, 0.42 * size, folds=3.0) > 0
    radii = rng.uniform(0.16, 0.24, 3) * size
    depth = np.where(is_brain, _tumour_depth(rng, size, radii), -radii.mean())
    thresholds = [share * radii.mean() for share in _LEVELS[grade]]
    raters = []
    for _ in range(RATERS):
        levels = draw_label(rng, depth, thresholds, ambiguity)
        raters.append(np.where(is_brain, levels, 0))
    nested = label_probabilities(depth, thresholds, ambiguity)
    anatomy = _Anatomy(
        is_brain=is_brain,
        probabilities=nested[..., np.argsort(_FROM_OUTSIDE)],
        contrast=_CONTRAST * smooth_field(rng, shape, 2.0),
    )
    values = np.array(VALUES)[np.array(_FROM_OUTSIDE)]
    return TumourPhantom(
        images=_images(rng, anatomy),
        probabilities=anatomy.probabilities.astype(np.float32),
        raters=values[np.array(raters)].astype(np.uint8),
    )


def _tumour_depth(rng: np.random.Generator, size: np.ndarray, radii: np.ndarray) -> np.ndarray:
    centre = (size - 1) / 2 + rng.uniform(-0.12, 0.12, 3) * size
    return depth_below(rng, tuple(size), centre, radii, folds=2.5)


def _images(rng: np.random.Generator, anatomy: _Anatomy) -> dict[str, np.ndarray]:
    images = {}
    for modality, intensities in _INTENSITIES.items():
        images[modality] = _image(rng, anatomy, intensities)
    return images


def _image(rng: np.random.Generator, anatomy: _Anatomy, intensities: tuple[int, ...]) -> np.ndarray:
    shape = anatomy.is_brain.shape
    tissue = anatomy.probabilities @ np.array(intensities, float)
    healthy = anatomy.probabilities[..., 0]
    clean = tissue + healthy * anatomy.contrast
    bias = _BIAS * smooth_field(rng, shape, 8.0)
    biased = clean * (1 + bias)
    noisy = biased + rng.normal(0, _NOISE, shape)
    positive = np.maximum(np.rint(noisy), 1)
    return np.where(anatomy.is_brain, positive, 0).astype(np.int16)


def write_brats_phantom(folder: Path, cases: int, seed: int, shape: _Shape = SHAPE) -> None:
    """Write BraTS 2018's layout; every third case is of low grade.

    Args:
        folder: The folder of the data set.
        cases: How many cases to write.
        seed: The same seed writes the same bytes.
        shape: Voxels along each axis.
    """
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    affine[1, 3] = shape[1] - 1.0  # as the official files have it
    header = SpatialHeader.of_affine(affine, SCANNER)
    for number in range(1, cases + 1):
        name = f"Brats18_PHANTOM_{number:03d}_1"
        grade = "HGG"
        if number % 3 == 0:
            grade = "LGG"
        rng = np.random.default_rng([seed, number])
        phantom = tumour_phantom(rng, shape, grade=grade)
        files = phantom.images | {"seg": phantom.raters[0]}
        for ending, array in files.items():
            path = folder / grade / name / f"{name}_{ending}.nii.gz"
            write_nifti(path, Volume(array, affine, header))
        write_truth(folder, name, phantom.probabilities, phantom.raters, affine)
