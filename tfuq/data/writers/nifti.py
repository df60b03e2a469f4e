"""Volumes as NIfTI."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np

from tfuq.data.volume import Volume
from tfuq.data.writers.text import write_bytes
from tfuq.errors import DataError

# Maps are mostly noise-like: higher levels cost several times the time for a few per cent.
_LEVEL = 1  # of compression


def write_nifti(path: Path, volume: Volume) -> None:
    """Write a ``.nii.gz`` with the volume's affine and header codes, its array's data type kept.

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
    image = nibabel.Nifti1Image(_file_array(volume), volume.affine)
    image.set_qform(volume.affine, volume.codes[0])
    image.set_sform(volume.affine, volume.codes[1])
    write_bytes(path, gzip.compress(image.to_bytes(), compresslevel=_LEVEL, mtime=0))


def _file_array(volume: Volume) -> np.ndarray:
    """The array with as many axes as its file has."""
    array = volume.array
    if volume.ndim == 2 and array.ndim == 3 and array.shape[2] == 1:
        return array[:, :, 0]
    return array
