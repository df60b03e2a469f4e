"""A head's CT in Hounsfield units, which looks to the front: skull, face, jaw, teeth and spine."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfuq.data.phantoms.ambiguity import smooth_field
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti

SHAPE, SPACING_MM = (88, 112, 104), 2.0
_AIR, _SOFT, _BRAIN, _EYE, _BONE, _TOOTH = -1000, 40, 35, 10, 900, 1800
_NOISE, _TEXTURE = 15.0, 10.0
_SHAPES = [  # centre and radii in mm (right, front, top) from the middle of the field, and what it is made of; later ones on top
    ((0, -30, -75), (48, 45, 60), _SOFT),  # neck
    ((0, 42, -35), (55, 42, 58), _SOFT),  # face
    ((0, 86, -18), (11, 14, 16), _SOFT),  # nose
    ((0, 0, 30), (78, 94, 70), _SOFT),  # scalp
    ((0, 0, 30), (72, 88, 64), _BONE),
    ((0, 0, 30), (66, 81, 58), _BRAIN),
    ((0, 46, -62), (46, 36, 16), _BONE),  # jaw
    ((0, 38, -62), (38, 34, 22), _SOFT),
    ((0, 50, -30), (34, 28, 6), _BONE),  # palate
    ((0, 72, -42), (20, 8, 8), _TOOTH),
    ((0, 50, -14), (20, 24, 9), _AIR),  # sinuses
    ((30, 70, 0), (17, 17, 16), _BONE), ((-30, 70, 0), (17, 17, 16), _BONE),  # orbits
    ((30, 73, 0), (14, 15, 13), _EYE), ((-30, 73, 0), (14, 15, 13), _EYE),
    ((0, -32, -75), (14, 16, 62), _BONE),  # spine
]  # fmt: skip


def head_ct(rng: np.random.Generator) -> np.ndarray:
    """Draw a head ``[X, Y, Z]``: proportions, texture and noise of its own."""
    middle, growth = (np.array(SHAPE) - 1) / 2, rng.uniform(0.92, 1.04, 3)
    places = (np.moveaxis(np.indices(SHAPE), 0, -1) - middle) * SPACING_MM / growth
    image = np.full(SHAPE, _AIR, float)
    for centre, radii, value in _SHAPES:
        image[(((places - centre) / radii) ** 2).sum(-1) < 1] = value
    image += np.where(image > _AIR, _TEXTURE * smooth_field(rng, SHAPE, 1.5), 0.0) + rng.normal(0, _NOISE, SHAPE)
    return np.clip(np.rint(image), -1024, 3071).astype(np.int16)


def write_head_ct(folder: Path, cases: int, seed: int) -> None:
    """``head_01.nii.gz`` and so on."""
    affine = np.diag([SPACING_MM] * 3 + [1.0])
    for number in range(1, cases + 1):
        volume = head_ct(np.random.default_rng([seed, number]))
        write_nifti(folder / f"head_{number:02d}.nii.gz", Volume(volume, affine, (1, 1)))
