"""A CT as an X-ray from the side: its attenuation summed onto the sagittal plane."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse
from tfuq.data.preprocessing import pad_to, to_spacing
from tfuq.data.volume import Volume
from tfuq.errors import DataError

if TYPE_CHECKING:
    import nibabel
else:
    nibabel = ModuleOnUse("nibabel")

_AIR = -1000.0  # Hounsfield units


def upright(volume: Volume) -> Volume:
    """The same CT with axes that run to the right, to the front and to the top."""
    image = nibabel.Nifti1Image(volume.array, volume.affine)
    canonical = nibabel.as_closest_canonical(image)
    return Volume(np.asarray(canonical.dataobj), canonical.affine)


def lateral(ct: Volume, aspect: tuple[int, int]) -> Volume:
    """Project a CT from side to side onto a picture that looks to the right.

    It sums the attenuation above that of air and divides by its maximum. Pixels are square, and
    empty ones around it give the picture its proportion.

    Args:
        ct: An `upright` CT ``[X, Y, Z, 1]`` in Hounsfield units.
        aspect: The proportion of rows and columns.

    Returns:
        A picture ``[rows, columns, 1, 1]`` from 0 to 1.

    Raises:
        DataError: The CT holds nothing but air.
    """
    plane = np.maximum(ct.array[..., 0] - _AIR, 0).sum(0, dtype=float)
    if not plane.max():
        raise DataError("a CT of air alone gives no X-ray; give a CT of a head in Hounsfield units")
    # The top first, the front to the right.
    scaled = plane.T[::-1] / plane.max()
    rows = np.ascontiguousarray(scaled, np.float32)
    _, front, top = ct.spacing
    affine = np.diag([top, front, 1.0, 1.0])
    picture = Volume(rows[..., None, None], affine)
    pixel = min(front, top)
    square = to_spacing(picture, [pixel, pixel, 1.0])
    return pad_to(square, _padded_shape(square, aspect))


def _padded_shape(picture: Volume, aspect: tuple[int, int]) -> tuple[int, int, int]:
    height, width, _ = picture.shape
    tall, wide = aspect
    rows = math.ceil(width * tall / wide)
    columns = math.ceil(height * wide / tall)
    return rows, columns, 1
