"""Volumes as uncompressed NIfTI for the viewer in the page.

It is compressed by nothing, as it goes over loopback alone. Whole numbers go as the smallest type
that holds them.
"""

from __future__ import annotations

import nibabel
import numpy as np

from tfuq.data.headers import SCANNER
from tfuq.data.volume import Volume

_WHOLE_TYPES = (np.uint8, np.int16, np.int32)
_COLOURS = np.dtype([(name, np.uint8) for name in "RGB"])


def nifti_bytes(volume: Volume, *, is_label: bool = False) -> bytes:
    """A file of one scalar map, or of a picture with three channels of 0 to 255.

    Args:
        volume: ``[X, Y, Z]``, or ``[X, Y, Z, 3]`` in colours.
        is_label: whether its values are numbers of classes, of which a viewer draws outlines.
    """
    array = _smallest(volume.array)
    if volume.array.ndim > 3:
        array = _colours(volume.array)
    header = nibabel.Nifti1Header()
    header.set_data_dtype(array.dtype)
    header.set_data_shape(array.shape)
    header.set_zooms(volume.spacing)
    header.set_sform(volume.affine, SCANNER[1])
    header.set_xyzt_units("mm")
    if is_label:
        header.set_intent("label")
    header["magic"] = b"n+1"
    header["vox_offset"] = 352
    header["scl_slope"] = 1
    header["scl_inter"] = 0
    no_extension = bytes(4)
    content: bytes = header.binaryblock + no_extension + array.tobytes("F")
    return content


def _smallest(array: np.ndarray) -> np.ndarray:
    """The array as the smallest type of whole numbers that holds it exactly, else as float32."""
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    low, high = float(array.min()), float(array.max())
    for kind in _WHOLE_TYPES:
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            whole = array.astype(kind, copy=False)
            if array.dtype.kind in "iu" or np.array_equal(whole, array):
                return whole
            break
    return array.astype(np.float32)


def _colours(array: np.ndarray) -> np.ndarray:
    """Three channels as one of colours."""
    channels = np.ascontiguousarray(np.clip(np.rint(array), 0, 255).astype(np.uint8))
    return channels.view(_COLOURS)[..., 0]
