"""NRRD, with its voxels behind the header (``.nrrd``) or in another file (``.nhdr``).

It is read by the format's definition, and not by ITK: headers that are damaged end ITK's process.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfuq.data.readers.damage import naming_damage
from tfuq.data.readers.nrrd_header import NrrdHeader
from tfuq.data.readers.placed import volume_of
from tfuq.data.readers.stored_voxels import AT_END, Encoding, StoredVoxels, file_beside
from tfuq.data.volume import Volume
from tfuq.errors import DataError

_KIND = "NRRD file"
_ENCODINGS: dict[str, Encoding] = {
    "raw": "raw",
    "gz": "gzip",
    "gzip": "gzip",
    "bz2": "bzip2",
    "bzip2": "bzip2",
    "txt": "text",
    "text": "text",
    "ascii": "text",
    "hex": "hex",
}
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": (
        *("longlong", "long long", "long long int", "signed long long", "signed long long int"),
        *("int64", "int64_t"),
    ),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_ENDIANS = {"little": "<", "big": ">"}


def read_nrrd(path: Path, *, is_label: bool = False) -> Volume:
    """Read a NRRD file as float32, with its affine in RAS and mm.

    Args:
        path: The file; of a ``.nhdr``, the header.
        is_label: Keep the file's own data type, whose whole numbers float32 may not hold.

    Returns:
        The volume. An axis that is none of space is that of channels.

    Raises:
        DataError: Unreadable, truncated, more than one axis that is none of space, complex
            numbers, axes that are not at right angles, voxels in another folder or in several
            files, larger than memory, or NaN or infinite voxels.
    """
    with naming_damage(path, _KIND):
        header = NrrdHeader.of_file(path)
        place = header.place()
        array = _stored_voxels(header).read()
        if header.channel_axis is not None:
            array = np.moveaxis(array, header.channel_axis, -1)
    return volume_of(path, array, len(header.spatial_axes), place, is_label=is_label)


def read_nrrd_affine(path: Path) -> np.ndarray:
    """Read from voxels to millimetres in RAS, ``[4, 4]``, and no voxel.

    Raises:
        DataError: As `read_nrrd`.
    """
    with naming_damage(path, _KIND):
        return NrrdHeader.of_file(path).place().affine


def read_nrrd_channels(path: Path) -> int:
    """Read the number of channels, and no voxel.

    Raises:
        DataError: As `read_nrrd`.
    """
    with naming_damage(path, _KIND):
        header = NrrdHeader.of_file(path)
        return 1 if header.channel_axis is None else header.sizes[header.channel_axis]


def _stored_voxels(header: NrrdHeader) -> StoredVoxels:
    """Where and how its voxels are stored.

    Raises:
        DataError: They are in several files, or in one that is elsewhere.
        ValueError: The header does not say it, or says the impossible.
    """
    path = header.path
    start = header.end
    if "datafile" in header.fields:
        path = _data_file(header)
        start = 0
    encoding = _ENCODINGS.get(header.fields.get("encoding", "").strip().lower())
    if encoding is None:
        raise ValueError(f"its encoding is '{header.fields.get('encoding', '')}'")
    skipped = int(header.fields.get("byteskip", "0"))
    if int(header.fields.get("lineskip", "0")) or skipped < AT_END:
        raise DataError("it skips lines before its voxels ('line skip'); save it without")
    if skipped == AT_END:
        start = AT_END
        skipped = 0
    dtype = _dtype(header, encoding)
    return StoredVoxels(
        path=path,
        start=start,
        encoding=encoding,
        dtype=dtype,
        sizes=header.sizes,
        skipped=skipped,
    )


def _data_file(header: NrrdHeader) -> Path:
    name = header.fields["datafile"].strip()
    if name.startswith("LIST") or "%" in name:
        raise DataError(
            f"its voxels are spread over several files ('{name}'); save it as one .nrrd file"
        )
    return file_beside(header.path, name)


def _dtype(header: NrrdHeader, encoding: Encoding) -> np.dtype:
    written = " ".join(header.required("type").lower().split())
    codes = [code for code, names in _TYPES.items() if written in names]
    if not codes:
        raise DataError(f"its type is '{written}', which must be a real number; save it as float")
    dtype = np.dtype(codes[0])
    if dtype.itemsize == 1 or encoding == "text":
        return dtype
    endian = header.required("endian").strip().lower()
    if endian not in _ENDIANS:
        raise ValueError(f"its endian is '{endian}', which must be little or big")
    return np.dtype(_ENDIANS[endian] + codes[0])
