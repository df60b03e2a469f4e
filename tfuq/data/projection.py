"""A CT as an X-ray from the side: its attenuation summed onto the sagittal plane."""

from __future__ import annotations

import math

import nibabel as nib
import numpy as np

from tfuq.data.preprocessing import pad_to, to_spacing
from tfuq.data.volume import Volume
from tfuq.errors import DataError

_AIR = -1000.0  # Hounsfield units


def upright(volume: Volume) -> Volume:
    """The same CT with axes that run to the right, to the front and to the top."""
    image = nib.as_closest_canonical(nib.Nifti1Image(volume.array, volume.affine))
    return Volume(np.asarray(image.dataobj), image.affine)


def lateral(ct: Volume, aspect: tuple[int, int]) -> Volume:
    """A picture ``[rows, columns, 1, 1]`` from 0 to 1 of an `upright` CT ``[X, Y, Z, 1]`` in Hounsfield units, which looks to the
    right: attenuation above that of air, summed from side to side and divided by its maximum.

    Pixels are square, and empty ones around it give rows and columns the proportion ``aspect``.

    Raises:
        DataError: the CT holds nothing but air.
    """
    plane = np.maximum(ct.array[..., 0] - _AIR, 0).sum(0, dtype=float)
    if not plane.max():
        raise DataError("a CT of air alone gives no X-ray; give a CT of a head in Hounsfield units")
    rows = np.ascontiguousarray(plane.T[::-1] / plane.max(), np.float32)  # the top first, the front to the right
    _, front, top = ct.spacing
    square = to_spacing(Volume(rows[..., None, None], np.diag([top, front, 1.0, 1.0])), [min(front, top)] * 2 + [1.0])
    height, width, _ = square.shape
    tall, wide = aspect
    return pad_to(square, (math.ceil(width * tall / wide), math.ceil(height * wide / tall), 1))
