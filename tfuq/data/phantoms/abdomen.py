"""An abdominal CT in Hounsfield units, in the Decathlon's layout.

It has a body, a spine, and a liver with tumours whose borders are ambiguous.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import special

from tfuq.data.phantoms import decathlon
from tfuq.data.phantoms.ambiguity import LabelledPhantom, depth_below, draw_label, smooth_field

SHAPE = (64, 64, 32)
RATERS = 3
STRUCTURES = ("background", "liver", "cancer")
_FIELD_MM = (320.0, 320.0, 240.0)
# Hounsfield units.
_AIR = -1000.0
_FAT = -100.0
_SOFT = 40.0
_BONE = 350.0
_LIVER = 110.0
_CANCER = 65.0
_NOISE = 12.0
_TEXTURE = 10.0
_RANGE = (-1024, 3071)  # of what a file holds
# Shares of the field of view. The body is an ellipse of two radii; the spine lies behind it.
_SKIN = 0.06
_BODY = (0.46, 0.38)
_SPINE_RADIUS = 0.06
_SPINE_BEHIND = 0.24
# The liver's centre and radii.
_LIVER_CENTRE = (0.64, 0.55, 0.5)
_LIVER_RADII = (0.24, 0.28, 0.36)
_Shape = tuple[int, int, int]


def abdomen_phantom(rng: np.random.Generator, shape: _Shape = SHAPE) -> LabelledPhantom:
    """Draw an abdomen, its image, and what several raters make of liver and tumours.

    Args:
        rng: The source of randomness.
        shape: Voxels along each axis.
    """
    size = np.array(shape)
    centre = size * _LIVER_CENTRE + rng.uniform(-0.03, 0.03, 3) * size
    ambiguity = rng.uniform(0.4, 0.8)
    radii = rng.uniform(0.9, 1.1, 3) * _LIVER_RADII * size
    liver = depth_below(rng, shape, centre, radii, folds=3.0)
    tumours = _tumours(rng, shape, centre, radii)
    raters = []
    for _ in range(RATERS):
        raters.append(_rater_label(rng, liver, tumours, ambiguity))
    probabilities = _probabilities(liver, tumours, ambiguity)
    return LabelledPhantom(
        image=_image(rng, probabilities),
        probabilities=probabilities.astype(np.float32),
        raters=np.array(raters),
    )


def _tumours(
    rng: np.random.Generator, shape: _Shape, centre: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """The depth below the surface of the nearest of one to three tumours."""
    count = rng.integers(1, 4)
    depths = [_tumour(rng, shape, centre, radii) for _ in range(count)]
    nearest: np.ndarray = np.max(depths, axis=0)
    return nearest


def _tumour(
    rng: np.random.Generator, shape: _Shape, centre: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    position = centre + rng.uniform(-0.45, 0.45, 3) * radii
    size = rng.uniform(0.2, 0.4) * radii
    return depth_below(rng, shape, position, size, folds=1.5)


def _probabilities(liver: np.ndarray, tumours: np.ndarray, ambiguity: float) -> np.ndarray:
    """The true probability of each class.

    Borders of liver and tumours have fields of their own, so a tumour's probability is a product.
    """
    in_liver = special.ndtr(liver / ambiguity)
    in_tumour = special.ndtr(tumours / ambiguity)
    return np.stack([1 - in_liver, in_liver * (1 - in_tumour), in_liver * in_tumour], -1)


def _rater_label(
    rng: np.random.Generator, liver: np.ndarray, tumours: np.ndarray, ambiguity: float
) -> np.ndarray:
    in_liver = draw_label(rng, liver, (0.0,), ambiguity)
    in_tumour = draw_label(rng, tumours, (0.0,), ambiguity)
    label: np.ndarray = in_liver * (1 + in_tumour)
    return label.astype(np.uint8)


def _image(rng: np.random.Generator, probabilities: np.ndarray) -> np.ndarray:
    """The CT: each voxel is a mixture of its classes, with texture and noise."""
    shape = probabilities.shape[:3]
    organs = probabilities @ np.array([0.0, _LIVER, _CANCER])
    clean = organs + probabilities[..., 0] * _background(shape)
    texture = _TEXTURE * smooth_field(rng, shape, 1.5)
    noise = rng.normal(0, _NOISE, shape)
    rounded: np.ndarray = np.clip(np.rint(clean + texture + noise), *_RANGE)
    return rounded.astype(np.int16)


def _background(shape: _Shape) -> np.ndarray:
    """Air, skin and fat, soft tissue and spine."""
    indices = np.indices(shape)
    x = indices[0] / shape[0] - 0.5
    y = indices[1] / shape[1] - 0.5
    from_middle = np.hypot(x / _BODY[0], y / _BODY[1])
    is_body = from_middle < 1
    is_inner = from_middle < 1 - _SKIN / 0.4
    tissue = np.where(is_inner, _SOFT, _FAT)
    body = np.where(is_body, tissue, _AIR)
    from_spine = np.hypot(x, y + _SPINE_BEHIND)
    is_spine = from_spine < _SPINE_RADIUS
    return np.where(is_spine, _BONE, body)


def write_liver_phantom(folder: Path, cases: int, seed: int, shape: _Shape = SHAPE) -> None:
    """Write the layout of the Medical Decathlon's Task03.

    Args:
        folder: The folder of the data set.
        cases: How many cases to write.
        seed: The same seed writes the same bytes.
        shape: Voxels along each axis.
    """
    spacing = np.array(_FIELD_MM) / shape
    data_set = decathlon.DecathlonSet(
        title="Liver phantom",
        modalities=["CT"],
        classes=STRUCTURES,
        affine=np.diag([*spacing, 1.0]),
    )
    phantoms = (
        (f"liver_{number}", abdomen_phantom(np.random.default_rng([seed, number]), shape))
        for number in range(cases)
    )
    data_set.write(folder, phantoms)
