"""NIfTI-1/2 and Analyze 7.5 through nibabel."""

from __future__ import annotations

import zlib
from pathlib import Path

import nibabel
import numpy as np

from tfuq.data.volume import Volume
from tfuq.errors import DataError

NIFTI_SUFFIXES = (".nii.gz", ".nii", ".img", ".hdr")
_MAX_DEFLATE_RATIO = 1032  # no gzip stream expands further, so a header that claims more is lying
_UNREADABLE = (nibabel.filebasedimages.ImageFileError, nibabel.spatialimages.HeaderDataError, OSError, EOFError,
               ValueError, zlib.error, OverflowError, TypeError)  # fmt: skip


def read_nifti(path: Path) -> Volume:
    """Read one file as float32 with its affine and header codes; 2D becomes one slice, the 4th axis is channels.

    Raises:
        DataError: unreadable, truncated, not 2D to 4D, a singular affine, or NaN or infinite voxels.
    """
    try:
        image = nibabel.load(path)
        _check_header(path, image)
        array = np.asarray(image.dataobj, dtype=np.float32)
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:160]
        raise DataError(f"{path}: not a readable NIfTI or Analyze file ({reason}); replace it with an intact copy") from error
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise DataError(f"{path}: {count} voxels are NaN or infinite; every voxel must be finite: repair or exclude the case")
    return Volume(_three_axes(array), np.array(image.affine, float), _codes(image), array.ndim)


def _check_header(path: Path, image) -> None:
    if len(image.shape) not in (2, 3, 4) or min(image.shape) < 1:
        raise ValueError(f"its shape is {image.shape}, which must have 2 to 4 axes")
    if image.get_data_dtype().kind not in "biuf":
        raise ValueError(f"its data type is {image.get_data_dtype()}, which must be a real number")
    data_file = Path(image.file_map["image"].filename)
    claimed = int(np.prod(image.shape, dtype=object)) * image.get_data_dtype().itemsize
    if claimed > data_file.stat().st_size * (_MAX_DEFLATE_RATIO if data_file.suffix == ".gz" else 1):
        raise ValueError(f"its header claims {claimed} bytes of voxels, more than the file can hold")
    if not np.isfinite(image.affine).all() or abs(np.linalg.det(image.affine[:3, :3])) < 1e-12:
        raise ValueError("its affine is singular")


def _three_axes(array: np.ndarray) -> np.ndarray:
    return array[:, :, None] if array.ndim == 2 else array


def _codes(image) -> tuple[int, int]:
    header = image.header
    if "sform_code" not in header:
        return (0, 2)  # Analyze has no codes; its affine is written as an alignment
    codes = int(header["qform_code"]), int(header["sform_code"])
    return codes if any(codes) else (0, 2)
