"""FreeSurfer's MGH, plain (``.mgh``) or compressed (``.mgz``), through nibabel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from tfuq.data.budget import require_memory
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.readers.compressed import GZIP, decompressed, up_to
from tfuq.data.readers.damage import naming_damage
from tfuq.data.readers.placed import FROM_RAS, Place, affine_of, volume_of
from tfuq.data.volume import Volume

if TYPE_CHECKING:
    from nibabel.freesurfer import mghformat
else:
    mghformat = ModuleOnUse("nibabel.freesurfer.mghformat")

_KIND = "MGH file"
_HEADER = 284  # bytes before the voxels
_VERSION = 1
# A voxel as float32, and what checking it takes, beside the file's own bytes twice.
_READING_BYTES = 8
_PLACE_FLAG = slice(28, 30)  # the bytes that say whether there is a place
# FreeSurfer's directions of a file without a place, a column an axis; nibabel transposes them.
_CORONAL = np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
_DOUBT = (
    "the MGH header does not say where it lies (goodRASFlag is 0); "
    "it is taken for coronal slices of 1 mm, as FreeSurfer does"
)


def read_mgh(path: Path, *, is_label: bool = False) -> Volume:
    """Read a MGH file as float32, with its affine in RAS and mm.

    The content tells whether it is compressed.

    Args:
        path: The file.
        is_label: Keep the file's own data type, whose whole numbers float32 may not hold.

    Returns:
        The volume. Its channels are the file's frames.

    Raises:
        DataError: Unreadable, truncated, larger than memory, or NaN or infinite voxels.
    """
    with naming_damage(path, _KIND):
        content = _content(path, needed=None)
        array = np.asarray(mghformat.MGHImage.from_bytes(content).dataobj)
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        place = _place_of(content)
    return volume_of(path, array, 3, place, is_label=is_label)


def read_mgh_affine(path: Path) -> np.ndarray:
    """Read from voxels to millimetres in RAS, ``[4, 4]``, and no voxel.

    Raises:
        DataError: As `read_mgh`.
    """
    with naming_damage(path, _KIND):
        return _place_of(_content(path, needed=_HEADER)).affine


def read_mgh_channels(path: Path) -> int:
    """Read the number of channels, which are the file's frames, and no voxel.

    Raises:
        DataError: As `read_mgh`.
    """
    with naming_damage(path, _KIND):
        return int(_header_of(_content(path, needed=_HEADER))["dims"][3])


def _content(path: Path, needed: int | None) -> bytes:
    """The file's first bytes, decompressed.

    Args:
        path: The file.
        needed: How many; None for what its header claims.
    """
    with path.open("rb") as file:
        is_compressed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        stream = decompressed(file) if is_compressed else file
        content = up_to(stream, _HEADER)
        if needed is None:
            needed = _needed_bytes(_header_of(content))
            # One byte more: at its end, a stream's checksum is compared.
            content += up_to(stream, needed - len(content) + 1)
    if len(content) < needed:
        raise ValueError(
            f"its header claims {needed} bytes, more than the {len(content)} that there are"
        )
    return content


def _header_of(content: bytes) -> mghformat.MGHHeader:
    if len(content) < _HEADER:
        raise ValueError(f"it has {len(content)} bytes, less than a header")
    header = mghformat.MGHHeader(content[:_HEADER], check=False)
    if int(header["version"]) != _VERSION:
        raise ValueError("it does not begin as MGH files do")
    return header


def _needed_bytes(header: mghformat.MGHHeader) -> int:
    sizes = [int(size) for size in header["dims"]]
    if min(sizes) < 1:
        raise ValueError(f"its sizes are {sizes}, which must be above 0")
    dtype = header.get_data_dtype()
    require_memory(sizes, 2 * dtype.itemsize + _READING_BYTES)
    voxels: int = np.prod(sizes, dtype=object)
    return _HEADER + voxels * cast(int, dtype.itemsize)


def _place_of(content: bytes) -> Place:
    header = _header_of(content)
    if any(content[_PLACE_FLAG]):
        affine = header.get_affine().astype(float)
        return Place(affine_of(affine[:3, :3], affine[:3, 3], FROM_RAS), "directions")
    origin = -_CORONAL @ header["dims"][:3].astype(float) / 2
    return Place(affine_of(_CORONAL, origin, FROM_RAS), "none", _DOUBT)
