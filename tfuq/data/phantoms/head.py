"""A head's CT in Hounsfield units, which looks to the front: skull, face, jaw, teeth and spine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.headers import SCANNER, SpatialHeader
from tfuq.data.phantoms.ambiguity import smooth_field
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti

SHAPE = (88, 112, 104)
SPACING_MM = 2.0
# Hounsfield units.
_AIR = -1000
_SOFT = 40
_BRAIN = 35
_EYE = 10
_BONE = 900
_TOOTH = 1800
_NOISE = 15.0
_TEXTURE = 10.0
_RANGE = (-1024, 3071)  # of what a file holds


@dataclass(frozen=True)
class _Ellipsoid:
    """A part of the head.

    Attributes:
        centre: In mm (right, front, top) from the middle of the field.
        radii: In mm.
        value: What it is made of, in Hounsfield units.
    """

    centre: tuple[int, int, int]
    radii: tuple[int, int, int]
    value: int


_ELLIPSOIDS = [  # later ones on top
    _Ellipsoid((0, -30, -75), (48, 45, 60), _SOFT),  # neck
    _Ellipsoid((0, 42, -35), (55, 42, 58), _SOFT),  # face
    _Ellipsoid((0, 86, -18), (11, 14, 16), _SOFT),  # nose
    _Ellipsoid((0, 0, 30), (78, 94, 70), _SOFT),  # scalp
    _Ellipsoid((0, 0, 30), (72, 88, 64), _BONE),
    _Ellipsoid((0, 0, 30), (66, 81, 58), _BRAIN),
    _Ellipsoid((0, 46, -62), (46, 36, 16), _BONE),  # jaw
    _Ellipsoid((0, 38, -62), (38, 34, 22), _SOFT),
    _Ellipsoid((0, 50, -30), (34, 28, 6), _BONE),  # palate
    _Ellipsoid((0, 72, -42), (20, 8, 8), _TOOTH),
    _Ellipsoid((0, 50, -14), (20, 24, 9), _AIR),  # sinuses
    _Ellipsoid((30, 70, 0), (17, 17, 16), _BONE),  # orbits
    _Ellipsoid((-30, 70, 0), (17, 17, 16), _BONE),
    _Ellipsoid((30, 73, 0), (14, 15, 13), _EYE),
    _Ellipsoid((-30, 73, 0), (14, 15, 13), _EYE),
    _Ellipsoid((0, -32, -75), (14, 16, 62), _BONE),  # spine
]


def head_ct(rng: np.random.Generator) -> np.ndarray:
    """Draw a head ``[X, Y, Z]``: proportions, texture and noise of its own."""
    middle = (np.array(SHAPE) - 1) / 2
    growth = rng.uniform(0.92, 1.04, 3)
    indices = np.moveaxis(np.indices(SHAPE), 0, -1)
    positions = (indices - middle) * SPACING_MM / growth
    image = np.full(SHAPE, _AIR, float)
    for ellipsoid in _ELLIPSOIDS:
        offsets = (positions - ellipsoid.centre) / ellipsoid.radii
        is_inside = (offsets**2).sum(-1) < 1
        image[is_inside] = ellipsoid.value
    texture = _TEXTURE * smooth_field(rng, SHAPE, 1.5)
    noise = rng.normal(0, _NOISE, SHAPE)
    image += np.where(image > _AIR, texture, 0.0) + noise
    rounded: np.ndarray = np.clip(np.rint(image), *_RANGE)
    return rounded.astype(np.int16)


def write_head_ct(folder: Path, cases: int, seed: int) -> None:
    """Write ``head_01.nii.gz`` and so on.

    Args:
        folder: The folder of the data set.
        cases: How many heads to write.
        seed: The same seed writes the same bytes.
    """
    affine = np.diag([SPACING_MM] * 3 + [1.0])
    header = SpatialHeader.of_affine(affine, SCANNER)
    for number in range(1, cases + 1):
        rng = np.random.default_rng([seed, number])
        volume = Volume(head_ct(rng), affine, header)
        write_nifti(folder / f"head_{number:02d}.nii.gz", volume)
