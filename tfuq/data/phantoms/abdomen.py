"""An abdominal CT in Hounsfield units: body, spine, and a liver with tumours whose borders are ambiguous, in the Decathlon's layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import special

from tfuq.data.phantoms.ambiguity import depth_below, draw_label, smooth_field, write_truth
from tfuq.data.volume import Volume
from tfuq.data.writers import write_json, write_nifti

SHAPE = (64, 64, 32)
RATERS = 3
STRUCTURES = ("background", "liver", "cancer")
_FIELD_MM = (320.0, 320.0, 240.0)
_AIR, _FAT, _SOFT, _BONE, _LIVER, _CANCER = -1000.0, -100.0, 40.0, 350.0, 110.0, 65.0
_NOISE, _TEXTURE, _SKIN = 12.0, 10.0, 0.06  # Hounsfield units; of the field of view


@dataclass(frozen=True)
class AbdomenPhantom:
    """``image [X, Y, Z]`` in Hounsfield units; ``probabilities [X, Y, Z, 3]``; ``raters [R, X, Y, Z]``, the first the reference."""

    image: np.ndarray
    probabilities: np.ndarray
    raters: np.ndarray


def abdomen_phantom(rng: np.random.Generator, shape: tuple[int, int, int] = SHAPE) -> AbdomenPhantom:
    """Draw an abdomen, its image, and what several raters make of liver and tumours."""
    size = np.array(shape)
    centre, ambiguity = size * (0.64, 0.55, 0.5) + rng.uniform(-0.03, 0.03, 3) * size, rng.uniform(0.4, 0.8)
    radii = rng.uniform(0.9, 1.1, 3) * (0.24, 0.28, 0.36) * size
    liver = depth_below(rng, shape, centre, radii, folds=3.0)
    tumours = np.max([_tumour(rng, shape, centre, radii) for _ in range(rng.integers(1, 4))], axis=0)
    probabilities = _probabilities(liver, tumours, ambiguity)
    raters = [_rater(rng, liver, tumours, ambiguity) for _ in range(RATERS)]
    organs = probabilities @ np.array([0.0, _LIVER, _CANCER]) + probabilities[..., 0] * _rest(shape)
    image = organs + _TEXTURE * smooth_field(rng, shape, 1.5) + rng.normal(0, _NOISE, shape)
    return AbdomenPhantom(
        np.clip(np.rint(image), -1024, 3071).astype(np.int16), probabilities.astype(np.float32), np.array(raters)
    )


def _tumour(rng, shape, centre, radii) -> np.ndarray:
    place = centre + rng.uniform(-0.45, 0.45, 3) * radii
    return depth_below(rng, shape, place, rng.uniform(0.2, 0.4) * radii, folds=1.5)


def _probabilities(liver, tumours, ambiguity) -> np.ndarray:
    """Borders of liver and tumours are drawn with fields of their own, so a tumour's probability is a product."""
    in_liver, in_tumour = special.ndtr(liver / ambiguity), special.ndtr(tumours / ambiguity)
    return np.stack([1 - in_liver, in_liver * (1 - in_tumour), in_liver * in_tumour], -1)


def _rater(rng, liver, tumours, ambiguity) -> np.ndarray:
    in_liver, in_tumour = (draw_label(rng, depth, (0.0,), ambiguity) for depth in (liver, tumours))
    return (in_liver * (1 + in_tumour)).astype(np.uint8)


def _rest(shape) -> np.ndarray:
    """Air, skin and fat, soft tissue and spine."""
    x, y, _ = (place / size - 0.5 for place, size in zip(np.indices(shape), shape, strict=True))
    from_middle = np.hypot(x / 0.46, y / 0.38)
    body = np.where(from_middle < 1, np.where(from_middle < 1 - _SKIN / 0.4, _SOFT, _FAT), _AIR)
    return np.where(np.hypot(x, y + 0.24) < 0.06, _BONE, body)


def write_liver_phantom(folder: Path, cases: int, seed: int, shape: tuple[int, int, int] = SHAPE) -> None:
    """The layout of the Medical Decathlon's Task03."""
    affine, entries = np.diag([*(np.array(_FIELD_MM) / shape), 1.0]), []
    for number in range(cases):
        phantom, name = abdomen_phantom(np.random.default_rng([seed, number]), shape), f"liver_{number}"
        raters = [Volume(labels, affine, (1, 1)) for labels in phantom.raters]
        write_nifti(folder / "imagesTr" / f"{name}.nii.gz", Volume(phantom.image, affine, (1, 1)))
        write_nifti(folder / "labelsTr" / f"{name}.nii.gz", raters[0])
        write_truth(folder, name, Volume(phantom.probabilities, affine, (1, 1), 4), raters)
        entries.append({"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"})
    index = {"name": "Liver phantom", "tensorImageSize": "3D", "modality": {"0": "CT"}}
    index |= {"labels": {str(k): name for k, name in enumerate(STRUCTURES)}, "numTraining": cases, "training": entries}
    write_json(folder / "dataset.json", index)
