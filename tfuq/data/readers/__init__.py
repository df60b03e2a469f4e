"""Readers, one file per format; `read` chooses by the name's ending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tfuq.data.on_use import ModuleOnUse
from tfuq.data.readers.dicom.marks import is_dicom, is_dicom_file, is_series_folder
from tfuq.data.readers.suffixes import (
    METAIMAGE_SUFFIXES,
    MGH_SUFFIXES,
    NIFTI_SUFFIXES,
    NRRD_SUFFIXES,
    READABLE_SUFFIXES,
    is_plain_image,
)
from tfuq.errors import DataError, missing_file

if TYPE_CHECKING:
    import numpy as np

    from tfuq.data import orientation
    from tfuq.data.readers import images
    from tfuq.data.volume import Volume
else:
    orientation = ModuleOnUse("tfuq.data.orientation")
    images = ModuleOnUse("tfuq.data.readers.images")


class _ReadVolume(Protocol):
    def __call__(self, path: Path, *, is_label: bool = False) -> Volume: ...


@dataclass(frozen=True)
class _Format:
    """A format of scans, which say themselves where their voxels lie.

    Attributes:
        suffixes: The endings of its files' names.
        read: Reads a file.
        read_affine: Reads its affine, and no voxel.
        read_channels: Reads the number of its channels, and no voxel.
    """

    suffixes: tuple[str, ...]
    read: _ReadVolume
    read_affine: Callable[[Path], np.ndarray]
    read_channels: Callable[[Path], int]


@cache
def _formats() -> tuple[_Format, ...]:
    """The formats of scans; they are imported when a file is first read, not to list files."""
    from tfuq.data.readers.metaimage import (
        read_metaimage,
        read_metaimage_affine,
        read_metaimage_channels,
    )
    from tfuq.data.readers.mgh import read_mgh, read_mgh_affine, read_mgh_channels
    from tfuq.data.readers.nifti import read_affine, read_nifti
    from tfuq.data.readers.nifti import read_channels as read_nifti_channels
    from tfuq.data.readers.nrrd import read_nrrd, read_nrrd_affine, read_nrrd_channels

    return (
        _Format(NIFTI_SUFFIXES, read_nifti, read_affine, read_nifti_channels),
        _Format(NRRD_SUFFIXES, read_nrrd, read_nrrd_affine, read_nrrd_channels),
        _Format(
            METAIMAGE_SUFFIXES,
            read_metaimage,
            read_metaimage_affine,
            read_metaimage_channels,
        ),
        _Format(MGH_SUFFIXES, read_mgh, read_mgh_affine, read_mgh_channels),
    )


def read(path: Path, pixel_mm: float | None = None, series: str | None = None) -> Volume:
    """Read a scan, or a 2D image as a volume of one slice.

    Scans are NIfTI, Analyze, NRRD, MetaImage and MGH files, and DICOM series.

    Args:
        path: The file, or the folder of a DICOM series.
        pixel_mm: The width of a plain image's pixel in mm; without it, the unit is the pixel.
            Other files say it themselves.
        series: The UID of the DICOM series; None for the only one.

    Raises:
        DataError: The file is missing, of an unknown kind, or cannot be read whole.
    """
    if is_dicom(path):
        return _read_dicom(path, series, is_label=False)
    scan = _format_of(path)
    if scan:
        return scan.read(path)
    return images.read_image(path, pixel_mm)


def read_label_file(path: Path, pixel_mm: float | None = None) -> Volume:
    """Read a label or mask, whose numbers are kept as they are.

    As `read`, but in the file's own data type, and a palette stands for its indices.
    """
    if is_dicom(path):
        return _read_dicom(path, None, is_label=True)
    scan = _format_of(path)
    if scan:
        return scan.read(path, is_label=True)
    return images.read_image_label(path, pixel_mm)


def _read_dicom(path: Path, series: str | None, *, is_label: bool) -> Volume:
    # pydicom takes a moment to import, and most data need it not.
    from tfuq.data.readers.dicom.reading import read_dicom

    return read_dicom(path, series, is_label=is_label)


def _format_of(path: Path) -> _Format | None:
    """The format of a scan; None of a plain image.

    Raises:
        DataError: The file is missing, or of an unknown kind.
    """
    if not path.is_file():
        raise missing_file(path)
    for scan in _formats():
        if path.name.lower().endswith(scan.suffixes):
            return scan
    if is_plain_image(path):
        return None
    raise DataError(f"{path}: unknown kind of file; tfuq reads {', '.join(READABLE_SUFFIXES)}")


def read_orientation(path: Path, pixel_mm: float | None = None, series: str | None = None) -> str:
    """Read where the axes of a file point, such as ``RAS``; see `tfuq.data.orientation`.

    Of a scan, only the headers are read.

    Args:
        path: As of `read`.
        pixel_mm: As of `read`.
        series: As of `read`.

    Raises:
        DataError: As `read`.
    """
    if is_dicom(path):
        from tfuq.data.readers.dicom import reading

        return orientation.orientation_of(reading.read_affine(path, series))
    scan = _format_of(path)
    if scan:
        return orientation.orientation_of(scan.read_affine(path))
    return orientation.orientation_of(images.read_image(path, pixel_mm).affine)


def read_channels(path: Path) -> int:
    """Read the number of a file's channels, by its header alone; DICOM has one.

    Raises:
        DataError: As `read`.
    """
    if is_dicom(path):
        return 1
    scan = _format_of(path)
    if scan:
        return scan.read_channels(path)
    return images.read_image_bands(path)


def is_readable(path: Path) -> bool:
    """Whether `read` takes files of the name; an Analyze pair counts once, by its ``.img``.

    DICOM is told by its content too: a file without an ending, or a folder of files.
    """
    if path.name.startswith(".") or path.suffix.lower() == ".hdr":
        return False
    if path.is_dir():
        return is_series_folder(path)
    return path.name.lower().endswith(READABLE_SUFFIXES) or is_dicom_file(path)


def is_scan(path: Path) -> bool:
    """Whether `read` takes files of the name, and none of plain images."""
    return is_readable(path) and not is_plain_image(path)


def stem(path: Path) -> str:
    """The file's name without its ending, ``.nii.gz`` and ``.seg.nrrd`` taken as one.

    Of a folder, it is the whole name.
    """
    if path.is_dir() and not path.name.lower().endswith(READABLE_SUFFIXES):
        return path.name
    for suffix in sorted(READABLE_SUFFIXES, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.name if is_dicom_file(path) else path.stem
