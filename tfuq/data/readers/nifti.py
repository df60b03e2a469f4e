"""NIfTI-1/2 and Analyze 7.5 through nibabel, which is shown a file only once its sizes are known to be true."""

from __future__ import annotations

import gzip
import io
import logging
import warnings
from pathlib import Path

import nibabel
import numpy as np

from tfuq.data.budget import MemoryShortageError, require_memory
from tfuq.data.volume import Volume, require_affine, require_finite
from tfuq.errors import DataError

NIFTI_SUFFIXES = (".nii.gz", ".nii", ".img", ".hdr")
_NIFTI2_HEADER = 540
_MOST_EXTENSIONS = 2**24  # bytes before the voxels; nibabel makes an object of each extension, which may be of 8 bytes
_MOST_MAT = 2**16  # SPM keeps an affine in it; it may be compressed
_CHUNK = 2**20
_READING_BYTES = 8  # a voxel as float32, and what checking it takes, beside the file's own bytes twice
nibabel.imageglobals.logger.setLevel(logging.CRITICAL)  # its notes on headers name no file; what matters is raised


def read_nifti(path: Path) -> Volume:
    """Read one file as float32 with its affine and header codes; 2D becomes one slice, the 4th axis is channels.

    Memory follows what the file holds, not what its header claims.

    Raises:
        DataError: unreadable, truncated, not 2D to 4D, a singular affine, larger than memory, or NaN or infinite voxels.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            image = _load_single(path) if path.name.lower().endswith((".nii", ".nii.gz")) else _load_pair(path)
            require_affine(image.affine)
            array = np.asarray(image.dataobj, dtype=np.float32)
    except MemoryShortageError as error:
        raise MemoryShortageError(f"{path}: {error}") from error
    except Exception as error:  # nibabel and zlib raise anything on damaged bytes
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(f"{path}: not a readable NIfTI or Analyze file ({reason}); replace it with an intact copy") from error
    require_finite(path, array)
    return Volume(_three_axes(array), np.array(image.affine, float), _codes(image), array.ndim)


def _load_single(path: Path):
    """A ``.nii`` or ``.nii.gz``; of a compressed one, no more is decompressed than its voxels take."""
    is_compressed = path.name.lower().endswith(".gz")
    with gzip.open(path) if is_compressed else path.open("rb") as stream:
        start = stream.read(_NIFTI2_HEADER)
        is_second = start[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c")
        kind = nibabel.Nifti2Image if is_second else nibabel.Nifti1Image
        header = kind.header_class(start[: kind.header_class.template_dtype.itemsize], check=False)
        needed = header.get_data_offset() + _voxel_bytes(header)
        if header.get_data_offset() > _MOST_EXTENSIONS:
            raise ValueError(f"its voxels are said to begin at byte {header.get_data_offset()}")
        if is_compressed:
            content = start + _up_to(stream, needed - len(start) + 1)  # at its end, a stream's checksum is compared
            _require_size(len(content), needed)
            return kind.from_stream(io.BytesIO(content))
    _require_size(path.stat().st_size, needed)
    return kind.from_filename(path)


def _load_pair(path: Path):
    for part, most in ((".hdr", _MOST_EXTENSIONS), (".mat", _MOST_MAT)):
        beside = path.with_suffix(part)
        if beside.is_file() and beside.stat().st_size > most:
            raise ValueError(f"{beside.name} has {beside.stat().st_size} bytes, more than {most}")
    image = nibabel.load(path)
    _require_size(Path(image.file_map["image"].filename).stat().st_size, _voxel_bytes(image.header))
    return image


def _voxel_bytes(header) -> int:
    shape, dtype = header.get_data_shape(), header.get_data_dtype()
    if len(shape) not in (2, 3, 4) or min(shape) < 1:
        raise ValueError(f"its shape is {shape}, which must have 2 to 4 axes")
    if dtype.kind not in "biuf":
        raise ValueError(f"its data type is {dtype}, which must be a real number")
    require_memory(shape, 2 * dtype.itemsize + _READING_BYTES)
    return int(np.prod(shape, dtype=object)) * dtype.itemsize


def _up_to(stream, count: int) -> bytes:
    chunks = []
    while count > 0 and (chunk := stream.read(min(count, _CHUNK))):
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)


def _require_size(present: int, needed: int) -> None:
    if present < needed:
        raise ValueError(f"its header claims {needed} bytes, more than the {present} that there are")


def _three_axes(array: np.ndarray) -> np.ndarray:
    return array[:, :, None] if array.ndim == 2 else array


def _codes(image) -> tuple[int, int]:
    header = image.header
    if "sform_code" not in header:
        return (0, 2)  # Analyze has no codes; its affine is written as an alignment
    codes = int(header["qform_code"]), int(header["sform_code"])
    return codes if any(codes) else (0, 2)
