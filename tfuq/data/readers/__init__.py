"""Readers, one file per format; `read` chooses by the name's ending."""

from __future__ import annotations

from pathlib import Path

from tfuq.data.orientation import orientation_of
from tfuq.data.readers.images import (
    IMAGE_SUFFIXES,
    is_plain_image,
    read_image,
    read_image_label,
)
from tfuq.data.readers.nifti import NIFTI_SUFFIXES, read_affine, read_nifti
from tfuq.data.volume import Volume
from tfuq.errors import DataError, missing_file

READABLE_SUFFIXES = (*NIFTI_SUFFIXES, *IMAGE_SUFFIXES)


def read(path: Path, pixel_mm: float | None = None) -> Volume:
    """Read a NIfTI or Analyze volume, or a 2D image as a volume of one slice.

    Args:
        path: The file.
        pixel_mm: The width of a plain image's pixel in mm; without it, the unit is the pixel.
            Other files say it themselves.

    Raises:
        DataError: The file is missing, of an unknown kind, or cannot be read whole.
    """
    if _is_nifti(path):
        return read_nifti(path)
    return read_image(path, pixel_mm)


def read_label_file(path: Path, pixel_mm: float | None = None) -> Volume:
    """Read a label or mask, whose numbers are kept as they are.

    As `read`, but in the file's own data type, and a palette stands for its indices.
    """
    if _is_nifti(path):
        return read_nifti(path, is_label=True)
    return read_image_label(path, pixel_mm)


def _is_nifti(path: Path) -> bool:
    """Whether a file is to be read as NIfTI or Analyze; else it is a plain image.

    Raises:
        DataError: It is missing, or of an unknown kind.
    """
    if not path.is_file():
        raise missing_file(path)
    if path.name.lower().endswith(NIFTI_SUFFIXES):
        return True
    if is_plain_image(path):
        return False
    raise DataError(f"{path}: unknown kind of file; tfuq reads {', '.join(READABLE_SUFFIXES)}")


def read_orientation(path: Path, pixel_mm: float | None = None) -> str:
    """Read where the axes of a file point, such as ``RAS``; see `tfuq.data.orientation`.

    Of a NIfTI file, only the header is read.

    Args:
        path: The file.
        pixel_mm: As of `read`.

    Raises:
        DataError: As `read`.
    """
    if path.is_file() and path.name.lower().endswith(NIFTI_SUFFIXES):
        return orientation_of(read_affine(path))
    return orientation_of(read(path, pixel_mm).affine)


def is_readable(path: Path) -> bool:
    """Whether `read` takes files of the name; an Analyze pair counts once, by its ``.img``."""
    if path.name.startswith(".") or path.suffix.lower() == ".hdr":
        return False
    return path.name.lower().endswith(READABLE_SUFFIXES)


def stem(path: Path) -> str:
    """The file's name without its ending, ``.nii.gz`` taken as one."""
    for suffix in sorted(READABLE_SUFFIXES, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.stem
