"""A DICOM series as a volume."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tfuq.data.headers import SCANNER, SpatialHeader
from tfuq.data.readers.dicom.headers import chosen_series
from tfuq.data.readers.dicom.pixels import read_voxels
from tfuq.data.readers.dicom.planes import planes_of
from tfuq.data.readers.dicom.stacking import Stack, stacked
from tfuq.data.volume import Volume, require_affine, require_finite
from tfuq.errors import DataError


def read_stack(path: Path, series: str | None = None) -> Stack:
    """Read where the slices of a series lie, and no voxel.

    Args:
        path: The folder of the series, or its only file.
        series: The UID of the series; None for the only one.

    Raises:
        DataError: There are several series, a file is damaged, or the slices are not those of one
            volume (see `tfuq.data.readers.dicom.stacking`).
    """
    planes = []
    for header in chosen_series(path, series).headers:
        planes += planes_of(header)
    stack = stacked(path, planes)
    try:
        require_affine(stack.affine)
    except ValueError as error:
        raise DataError(f"{path}: {error}; correct its headers") from error
    return stack


def read_affine(path: Path, series: str | None = None) -> np.ndarray:
    """Read from voxels to mm, ``[4, 4]``, and no voxel; see `read_stack`."""
    return read_stack(path, series).affine


def read_dicom(path: Path, series: str | None = None, *, is_label: bool = False) -> Volume:
    """Read a series as float32.

    Its axes are columns, rows and slices. The slices lie along the normal of their plane.

    Args:
        path: The folder of the series, or its only file.
        series: The UID of the series; None for the only one.
        is_label: Keep whole numbers, which float32 may not hold.

    Raises:
        DataError: As `read_stack`; a file cannot be expanded, or voxels are NaN or infinite.
    """
    stack = read_stack(path, series)
    array = read_voxels(stack, is_label=is_label)
    require_finite(path, array)
    header = SpatialHeader.of_affine(stack.affine, SCANNER)
    return Volume(array, stack.affine, replace(header, form="DICOM headers"))
