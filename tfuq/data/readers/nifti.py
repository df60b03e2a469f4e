"""NIfTI-1/2 and Analyze 7.5 through nibabel.

nibabel is given a file only once its sizes are known to be true.
"""

from __future__ import annotations

import gzip
import io
import logging
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from tfuq.data.budget import require_memory
from tfuq.data.headers import SpatialHeader
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.readers.compressed import GZIP, decompressed, up_to
from tfuq.data.readers.damage import naming_damage
from tfuq.data.volume import Volume, require_affine, require_finite
from tfuq.errors import DataError

if TYPE_CHECKING:
    import nibabel
else:
    nibabel = ModuleOnUse("nibabel")

KIND = "NIfTI or Analyze file"
_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
_SINGLE_SUFFIXES = (".nii", ".nii.gz")  # of one file with header and voxels
LONGEST_HEADER = 540  # bytes
_NIFTI2_STARTS = (b"\x1c\x02\0\0", b"\0\0\x02\x1c")  # the header's size, in either byte order
# Bytes before the voxels. nibabel makes an object of each extension, which may be of 8 bytes.
_MOST_EXTENSIONS = 2**24
_MOST_MAT = 2**16  # SPM keeps an affine in it; it may be compressed
# A voxel as float32, and what checking it takes, beside the file's own bytes twice.
_READING_BYTES = 8
# nibabel's notes on headers name no file; what matters is raised.
logging.getLogger("nibabel.global").setLevel(logging.CRITICAL)


def read_nifti(path: Path, *, is_label: bool = False) -> Volume:
    """Read one file as float32 with its affine in mm and its spatial header.

    Memory follows what the file holds, not what its header claims.

    Args:
        path: The file.
        is_label: Keep the file's own data type, whose whole numbers float32 may not hold.

    Returns:
        The volume: 2D becomes one slice. Channels are the fourth axis, or the fifth where the
        fourth is of length 1, as ITK and the NIfTI standard have them.

    Raises:
        DataError: Unreadable, truncated, times of several channels, a singular affine, a header
            that contradicts itself, larger than memory, or NaN or infinite voxels.
    """
    with naming_damage(path, KIND):
        image = _load(path)
        require_affine(image.affine)
        header = spatial_header(image)
        affine = in_millimetres(image.affine, header.millimetres)
        require_affine(affine)
        array = _voxels(image, is_label=is_label)
    require_finite(path, array)
    require_one_place(path, header, min(array.ndim, 3))
    array = _channels_last(array)
    return Volume(_three_axes(array), affine, header, ndim=array.ndim)


def _voxels(image: nibabel.analyze.AnalyzeImage, *, is_label: bool) -> np.ndarray:
    """The voxels, as float32 unless they are a label's; colours are the last axis."""
    if image.get_data_dtype() == _RGB:
        colours = _three_axes(np.asarray(image.dataobj))
        array = np.stack([colours[name] for name in "RGB"], -1)
        return array if is_label else array.astype(np.float32)
    return np.asarray(image.dataobj, dtype=None if is_label else np.float32)


def spatial_header(image: nibabel.analyze.AnalyzeImage) -> SpatialHeader:
    """The file's own; Analyze has none, so it is made of the affine."""
    if isinstance(image.header, nibabel.Nifti1Header):
        return SpatialHeader.of_file(image.header)
    return replace(SpatialHeader.of_affine(image.affine), form="Analyze header")


def in_millimetres(affine: np.ndarray, millimetres: float) -> np.ndarray:
    """An affine whose unit of length has so many millimetres, in mm."""
    scale = np.diag([millimetres] * 3 + [1.0])
    scaled: np.ndarray = scale @ np.array(affine, float)
    return scaled


def require_one_place(path: Path, header: SpatialHeader, axes: int) -> None:
    """Refuse a header that places its voxels in two ways.

    Args:
        path: The file, for messages.
        header: The file's.
        axes: How many spatial axes count.

    Raises:
        DataError: It does.
    """
    contradiction = header.contradiction(axes)
    if contradiction:
        raise DataError(
            f"{path}: {contradiction}; only one can be right: correct the header, as in nibabel by "
            "image.set_sform(image.get_qform(), 1) where the qform and the pixdim are right, or "
            "image.set_qform(image.get_sform(), 1) where the sform is"
        )


def read_affine(path: Path) -> np.ndarray:
    """Read from voxels to what the file takes for a unit of length, ``[4, 4]``, and no voxel.

    Raises:
        DataError: As `read_nifti`.
    """
    try:
        affine: np.ndarray = _start_header(path).get_best_affine()
        require_affine(affine)
    except Exception:  # `read_nifti` says what is wrong
        return read_nifti(path).affine
    return affine


def read_channels(path: Path) -> int:
    """Read the number of channels, and no voxel where the header alone can be read.

    Raises:
        DataError: As `read_nifti`.
    """
    try:
        header = _start_header(path)
        shape: tuple[int, ...] = header.get_data_shape()
        if not shape:
            raise ValueError("no shape")
        is_colour = header.get_data_dtype() == _RGB
    except Exception:  # `read_nifti` says what is wrong
        return math.prod(read_nifti(path).array.shape[3:])
    return len("RGB") if is_colour else math.prod(shape[3:])


def _start_header(path: Path) -> nibabel.Nifti1Header:
    """The header of a ``.nii`` or ``.nii.gz``.

    Raises:
        ValueError: The file is of another kind.
    """
    if not path.name.lower().endswith(_SINGLE_SUFFIXES):
        raise ValueError("a header of its own")
    with path.open("rb") as file:
        start = file.read(LONGEST_HEADER)
        if start.startswith(GZIP):
            file.seek(0)
            start = gzip.GzipFile(fileobj=file).read(LONGEST_HEADER)
    return header_of(start)


def header_of(start: bytes) -> nibabel.Nifti1Header:
    """The header of a file's first bytes, NIfTI-1 or NIfTI-2."""
    kind = image_type(start)
    size = kind.header_class.template_dtype.itemsize
    header: nibabel.Nifti1Header = kind.header_class(start[:size], check=False)
    return header


def _load(path: Path) -> nibabel.analyze.AnalyzeImage:
    if path.name.lower().endswith(_SINGLE_SUFFIXES):
        return _load_single(path)
    return _load_pair(path)


def _load_single(path: Path) -> nibabel.Nifti1Image:
    """A ``.nii`` or ``.nii.gz``, whose content tells whether it is compressed.

    Of a compressed one, only what its voxels take is decompressed.
    """
    with path.open("rb") as file:
        start = file.read(LONGEST_HEADER)
        if start.startswith(GZIP):
            with decompressed(file) as stream:
                return _load_compressed(stream)
        kind = image_type(start)
        needed = _loaded_bytes(header_of(start))
        require_size(path.stat().st_size, needed)
        if path.name.lower().endswith(".gz"):  # nibabel would decompress it
            file.seek(0)
            return kind.from_stream(io.BytesIO(file.read(needed)))
    return kind.from_filename(path)


def _load_compressed(stream: gzip.GzipFile) -> nibabel.Nifti1Image:
    start = stream.read(LONGEST_HEADER)
    kind = image_type(start)
    needed = _loaded_bytes(header_of(start))
    # One byte more: at its end, a stream's checksum is compared.
    content = start + up_to(stream, needed - len(start) + 1)
    require_size(len(content), needed)
    return kind.from_stream(io.BytesIO(content))


def image_type(start: bytes) -> type[nibabel.Nifti1Image]:
    """NIfTI-1 or NIfTI-2, by a file's first bytes."""
    if start[:4] in _NIFTI2_STARTS:
        return nibabel.Nifti2Image
    return nibabel.Nifti1Image


def _loaded_bytes(header: nibabel.Nifti1Header) -> int:
    """How many bytes a file needs, as its header claims, all of which fit into memory."""
    needed = needed_bytes(header)
    _require_memory(header)
    return needed


def needed_bytes(header: nibabel.Nifti1Header) -> int:
    """How many bytes a file needs, as its header claims.

    Raises:
        DataError: The header says what tfuq does not take, as times of several channels.
        ValueError: It says what cannot be.
    """
    offset: int = header.get_data_offset()
    needed = offset + _voxel_bytes(header)
    if offset > _MOST_EXTENSIONS:
        raise ValueError(f"its voxels are said to begin at byte {offset}")
    return needed


def _load_pair(path: Path) -> nibabel.analyze.AnalyzeImage:
    for suffix, most in ((".hdr", _MOST_EXTENSIONS), (".mat", _MOST_MAT)):
        twin = path.with_suffix(suffix)
        if twin.is_file() and twin.stat().st_size > most:
            raise ValueError(f"{twin.name} has {twin.stat().st_size} bytes, more than {most}")
    image = cast(nibabel.analyze.AnalyzeImage, nibabel.load(path))
    voxels = cast(str, image.file_map["image"].filename)
    _require_memory(image.header)
    require_size(Path(voxels).stat().st_size, _voxel_bytes(image.header))
    return image


def _voxel_bytes(header: nibabel.analyze.AnalyzeHeader) -> int:
    shape = header.get_data_shape()
    dtype = header.get_data_dtype()
    if len(shape) < 2 or min(shape) < 1:
        raise ValueError(f"its shape is {shape}, which must have 2 to 4 axes")
    channels = [size for size in shape[3:] if size > 1]
    if len(channels) > 1 or (channels and dtype == _RGB):
        raise DataError(
            f"its shape is {shape}, of which only one axis after the third may be longer than 1, "
            "and none of colours: tfuq takes that for channels; save each time in a file of its own"
        )
    if dtype.kind not in "biuf" and dtype != _RGB:
        raise DataError(
            f"its data type is {dtype}, which must be a real number; "
            "save the magnitude of complex numbers, and colours without transparency"
        )
    voxels = int(np.prod(shape, dtype=object))
    voxel: int = dtype.itemsize
    return voxels * voxel


def _require_memory(header: nibabel.analyze.AnalyzeHeader) -> None:
    voxel: int = header.get_data_dtype().itemsize
    require_memory(header.get_data_shape(), 2 * voxel + _READING_BYTES)


def require_size(present: int, needed: int) -> None:
    """Refuse a file that has fewer bytes than its header claims.

    Raises:
        ValueError: It has.
    """
    if present < needed:
        raise ValueError(
            f"its header claims {needed} bytes, more than the {present} that there are"
        )


def _channels_last(array: np.ndarray) -> np.ndarray:
    """``[X, Y, Z(, C)]`` of ``[X, Y, Z, 1, C]``, ``[X, Y, Z, C, 1]`` and longer ones."""
    if array.ndim < 5:
        return array
    channels = int(np.prod(array.shape[3:]))
    if channels == 1:
        return array.reshape(array.shape[:3], order="F")
    return array.reshape((*array.shape[:3], channels), order="F")


def _three_axes(array: np.ndarray) -> np.ndarray:
    return array[:, :, None] if array.ndim == 2 else array
