"""Volumes as NIfTI."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.headers import SpatialHeader
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.volume import Volume
from tfuq.data.writers.text import write_bytes
from tfuq.errors import DataError

if TYPE_CHECKING:
    import nibabel
else:
    nibabel = ModuleOnUse("nibabel")

# Maps are mostly noise-like: higher levels cost several times the time for a few per cent.
_LEVEL = 1  # of compression


def write_nifti(path: Path, volume: Volume) -> None:
    """Write a ``.nii.gz`` with the volume's spatial header, its array's data type kept.

    The qform, the sform, their codes, the voxel sizes and the units are those of the file that the
    volume came from. Where there is none, they are made of its affine.

    A scalar map of a 2D file is 2D; one of several channels keeps its slice axis, as NIfTI's
    channels are its fourth.

    Raises:
        DataError: A voxel is NaN or infinite.
        RunError: As `tfuq.data.writers.write_bytes`.
        TfuqError: As `tfuq.data.writers.write_bytes`.
    """
    if not np.isfinite(volume.array).all():
        raise DataError(
            f"{path}: is not written, as voxels of it are NaN or infinite; "
            "look at the weights by tfuq doctor"
        )
    array = _file_array(volume)
    header = nibabel.Nifti1Header()
    header.set_data_dtype(array.dtype)
    spatial = volume.header or SpatialHeader.of_affine(volume.affine)
    spatial.copy_to(header)
    # Given an affine, nibabel would make the header's fields of it.
    image = nibabel.Nifti1Image(array, None, header)
    write_bytes(path, gzip.compress(image.to_bytes(), compresslevel=_LEVEL, mtime=0))


def _file_array(volume: Volume) -> np.ndarray:
    """The array with as many axes as its file has."""
    array = volume.array
    if volume.ndim == 2 and array.ndim == 3 and array.shape[2] == 1:
        return array[:, :, 0]
    return array
