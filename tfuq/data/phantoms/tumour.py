"""Brains with a nested tumour in the four modalities and the layout of BraTS 2018: necrosis within enhancing tumour within oedema."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.phantoms.ambiguity import depth_below, draw_label, label_probabilities, smooth_field, write_truth
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti

SHAPE = (48, 48, 32)
RATERS = 3
VALUES = (0, 1, 2, 4)  # background, necrosis, oedema, enhancing tumour, as the official labels have them
_FROM_OUTSIDE = (0, 2, 3, 1)  # the places in VALUES of what one meets on the way to the middle
_LEVELS = {"HGG": (0.0, 0.3, 0.65), "LGG": (0.0, 0.55, 0.8)}  # depth at which each begins, over the tumour's radius
_INTENSITIES = {  # healthy tissue, necrosis, oedema, enhancing tumour
    "flair": (250, 180, 480, 400),
    "t1": (400, 220, 300, 330),
    "t1ce": (400, 230, 310, 650),
    "t2": (260, 520, 450, 380),
}
_NOISE, _CONTRAST, _BIAS = 12.0, 45.0, 0.08


@dataclass(frozen=True)
class TumourPhantom:
    """``images`` by modality, 0 outside the brain; ``probabilities [X, Y, Z, 4]`` in the order of VALUES; ``raters [R, X, Y, Z]``
    as values, of which the first is the reference."""

    images: dict[str, np.ndarray]
    probabilities: np.ndarray
    raters: np.ndarray


def tumour_phantom(rng: np.random.Generator, shape: tuple[int, int, int] = SHAPE, *, grade: str = "HGG") -> TumourPhantom:
    """Draw a brain, its tumour, its images, and what several raters make of it."""
    size, ambiguity = np.array(shape), rng.uniform(0.4, 0.8)
    brain = depth_below(rng, shape, (size - 1) / 2, 0.42 * size, folds=3.0) > 0
    radii = rng.uniform(0.16, 0.24, 3) * size
    depth = depth_below(rng, shape, (size - 1) / 2 + rng.uniform(-0.12, 0.12, 3) * size, radii, folds=2.5)
    depth = np.where(brain, depth, -radii.mean())
    levels = [share * radii.mean() for share in _LEVELS[grade]]
    nested = label_probabilities(depth, levels, ambiguity)
    probabilities = nested[..., np.argsort(_FROM_OUTSIDE)]
    raters = [np.where(brain, draw_label(rng, depth, levels, ambiguity), 0) for _ in range(RATERS)]
    values = np.array(VALUES)[np.array(_FROM_OUTSIDE)]
    tissue = _CONTRAST * smooth_field(rng, shape, 2.0)  # grey and white matter
    images = {name: _image(rng, probabilities, brain, tissue, levels) for name, levels in _INTENSITIES.items()}
    return TumourPhantom(images, probabilities.astype(np.float32), values[np.array(raters)].astype(np.uint8))


def _image(rng, probabilities, brain, tissue, intensities) -> np.ndarray:
    clean = probabilities @ np.array(intensities, float) + probabilities[..., 0] * tissue
    biased = clean * (1 + _BIAS * smooth_field(rng, brain.shape, 8.0)) + rng.normal(0, _NOISE, brain.shape)
    return np.where(brain, np.maximum(np.rint(biased), 1), 0).astype(np.int16)


def write_brats_phantom(folder: Path, cases: int, seed: int, shape: tuple[int, int, int] = SHAPE) -> None:
    """BraTS 2018's layout; every third case is of low grade."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    affine[1, 3] = shape[1] - 1.0  # as the official files have it
    for number in range(1, cases + 1):
        grade, name = "HGG" if number % 3 else "LGG", f"Brats18_PHANTOM_{number:03d}_1"
        phantom = tumour_phantom(np.random.default_rng([seed, number]), shape, grade=grade)
        files = phantom.images | {"seg": phantom.raters[0]}
        for what, array in files.items():
            write_nifti(folder / grade / name / f"{name}_{what}.nii.gz", Volume(array, affine, (1, 1)))
        raters = [Volume(labels, affine, (1, 1)) for labels in phantom.raters]
        write_truth(folder, name, Volume(phantom.probabilities, affine, (1, 1), 4), raters)
