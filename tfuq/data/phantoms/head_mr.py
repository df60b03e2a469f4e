"""Slices of a head in T1 and T2: folded cortex, ventricles, deep grey matter, skull and scalp.

The labels are background, cerebrospinal fluid, grey and white matter. A depth decides the tissue,
as `tfuq.data.phantoms.ambiguity` has it. From the surface of the brain inwards it is the distance
in mm; in furrows and ventricles it is that of fluid, and in the deep nuclei that of grey matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage, special

from tfuq.data.phantoms import decathlon
from tfuq.data.phantoms.ambiguity import (
    LabelledPhantom,
    draw_label,
    label_probabilities,
    smooth_field,
)

SHAPE = (96, 112, 12)
SPACING_MM = (1.8, 1.8, 6.0)
RATERS = 3
TISSUES = ("background", "cerebrospinal fluid", "grey matter", "white matter")
MODALITIES = ("T1", "T2")
_THRESHOLDS = (0.0, 3.0, 6.5)  # depth in mm at which each tissue but the background begins
_FLUID = 1.5  # a depth in mm in the middle of what is fluid
_GREY = 4.75  # and of what is grey matter
_MIDDLE_SLICE = 3.5  # the slice through the brain's middle: most slices are above it
_RADII_MM = (67.0, 83.0, 66.0)
_SKULL_MM = 4.5
_SCALP_MM = 10.0
# By modality: fluid, grey matter, white matter; bone; scalp.
_INTENSITIES = np.array([[35, 85, 120, 15, 135], [150, 100, 72, 10, 85]], float)
_NOISE = 5.0
_BIAS = 0.1
_DECATHLON = decathlon.DecathlonSet(
    title="Head phantom",
    modalities=MODALITIES,
    classes=TISSUES,
    affine=np.diag([*SPACING_MM, 1.0]),
)


@dataclass(frozen=True, kw_only=True)
class _Ellipsoids:
    """A pair of structures, mirrored in the middle plane.

    Attributes:
        centre: Of that on the right, in mm (right, front, top) from the middle of the brain.
        radii: In mm.
        depth: What decides its tissue.
        slope: By how much the depth rises with each mm outside of it.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    depth: float
    slope: float


_PAIRS = (
    _Ellipsoids(centre=(8, 24, 10), radii=(5, 15, 16), depth=_FLUID, slope=3.0),  # front horns
    _Ellipsoids(centre=(12, -12, 14), radii=(5, 24, 12), depth=_FLUID, slope=3.0),  # bodies
    _Ellipsoids(centre=(18, -34, 4), radii=(5, 16, 12), depth=_FLUID, slope=3.0),  # hind horns
    _Ellipsoids(centre=(18, 24, 8), radii=(6, 11, 18), depth=_GREY, slope=1.5),  # caudate nuclei
    _Ellipsoids(centre=(29, 4, 0), radii=(8, 19, 15), depth=_GREY, slope=1.5),  # putamina
    _Ellipsoids(centre=(11, -8, 0), radii=(10, 15, 13), depth=_GREY, slope=1.5),  # thalami
)


def head_mr(rng: np.random.Generator, *, raters: int = RATERS) -> LabelledPhantom:
    """Draw a head, its images, and what several raters make of it.

    Args:
        rng: The source of randomness.
        raters: How many raters label it.
    """
    positions = _positions(rng)
    surface = _below_surface(positions, np.array(_RADII_MM))
    depth = _depth(rng, positions, surface)
    ambiguity = rng.uniform(0.4, 0.8)
    labels = [draw_label(rng, depth, _THRESHOLDS, ambiguity) for _ in range(raters)]
    probabilities = label_probabilities(depth, _THRESHOLDS, ambiguity)
    shares = _shares(probabilities, surface)
    images = [_image(rng, shares @ intensities) for intensities in _INTENSITIES]
    return LabelledPhantom(
        image=np.stack(images, -1).astype(np.float32),
        probabilities=probabilities.astype(np.float32),
        raters=np.array(labels, np.uint8),
    )


def _positions(rng: np.random.Generator) -> np.ndarray:
    """Where each voxel lies in the brain, in mm of one of usual size, ``[X, Y, Z, 3]``."""
    middle = (np.array(SHAPE) - 1) / 2
    middle[2] = _MIDDLE_SLICE
    middle += rng.uniform(-1, 1, 3) * (1.5, 1.5, 0.5)
    growth = rng.uniform(0.94, 1.02, 3)
    indices = np.moveaxis(np.indices(SHAPE), 0, -1)
    positions: np.ndarray = (indices - middle) * SPACING_MM / growth
    return positions


def _below_surface(positions: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """The depth in mm below an ellipsoid's surface, about as it is; negative outside."""
    distance = np.linalg.norm(positions / radii, axis=-1)
    depth: np.ndarray = (1 - distance) * radii[:2].mean()
    return depth


def _depth(rng: np.random.Generator, positions: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """The depth that decides the tissue, ``[X, Y, Z]``."""
    furrows = _furrows(rng, surface) + _fissure(rng, positions, surface)
    from_fluid = _signed_distance(surface - furrows > _THRESHOLDS[1])
    depth: np.ndarray = np.minimum(np.maximum(_THRESHOLDS[1] + from_fluid, _FLUID), surface)
    sway = 1.5 * smooth_field(rng, SHAPE, (6.0, 6.0, 2.0))
    for pair in _PAIRS:
        depth = np.minimum(depth, _depth_about(pair, positions, sway))
    return depth


def _signed_distance(is_inside: np.ndarray) -> np.ndarray:
    """The distance in mm from the border of a mask, smoothed within slices; negative outside."""
    inwards = ndimage.distance_transform_edt(is_inside, SPACING_MM)
    outwards = ndimage.distance_transform_edt(~is_inside, SPACING_MM)
    smooth: np.ndarray = ndimage.gaussian_filter(inwards - outwards, (0.7, 0.7, 0))
    return smooth


def _furrows(rng: np.random.Generator, surface: np.ndarray) -> np.ndarray:
    """By how much furrows lower the depth: they run where a smooth field is nearly 0."""
    field = smooth_field(rng, SHAPE, (3.2, 3.2, 1.2))
    inwards = np.exp(-np.maximum(surface, 0) / 22)
    furrows: np.ndarray = 32 * np.exp(-((field / 0.13) ** 2)) * inwards
    return furrows


def _fissure(rng: np.random.Generator, positions: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """By how much the fissure between the halves of the brain lowers the depth."""
    sway = 0.8 * smooth_field(rng, SHAPE, (8.0, 8.0, 3.0))
    across = np.exp(-(((positions[..., 0] + sway) / 2.2) ** 2))
    fissure: np.ndarray = 45 * across * special.expit((30 - surface) / 2)
    return fissure


def _depth_about(pair: _Ellipsoids, positions: np.ndarray, sway: np.ndarray) -> np.ndarray:
    """The depth in a pair of structures, which rises outside of them.

    Args:
        pair: The structures.
        positions: Of the voxels, ``[X, Y, Z, 3]`` in mm.
        sway: By how much their surfaces are pushed outwards, ``[X, Y, Z]`` in mm.
    """
    mirrored = positions.copy()
    mirrored[..., 0] = np.abs(mirrored[..., 0])
    inside = _below_surface(mirrored - pair.centre, np.array(pair.radii)) + sway
    depth: np.ndarray = pair.depth + pair.slope * np.maximum(-inside, 0)
    return depth


def _shares(probabilities: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """How much of each voxel is fluid, grey matter, white matter, bone and scalp."""
    beyond_bone = special.expit((-surface - _SKULL_MM) / 0.5)
    beyond_scalp = special.expit((-surface - _SCALP_MM) / 0.5)
    bone = probabilities[..., 0] * (1 - beyond_bone)
    scalp = probabilities[..., 0] * (beyond_bone - beyond_scalp)
    return np.concatenate([probabilities[..., 1:], np.stack([bone, scalp], -1)], -1)


def _image(rng: np.random.Generator, clean: np.ndarray) -> np.ndarray:
    """An image as a scanner makes it: uneven, and of magnitudes."""
    biased = clean * (1 + _BIAS * smooth_field(rng, SHAPE, (14.0, 14.0, 5.0)))
    image: np.ndarray = np.hypot(
        biased + rng.normal(0, _NOISE, SHAPE), rng.normal(0, _NOISE, SHAPE)
    )
    return image


def write_head_mr(folder: Path, cases: int, seed: int) -> None:
    """Write the Medical Decathlon's layout: both modalities in one 4D file.

    Args:
        folder: The folder of the data set.
        cases: How many cases to write.
        seed: The same seed writes the same bytes.
    """
    phantoms = (
        (f"head_{number:03d}", head_mr(np.random.default_rng([seed, number])))
        for number in range(1, cases + 1)
    )
    _DECATHLON.write(folder, phantoms)
