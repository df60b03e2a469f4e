"""MetaImage, with its voxels behind the header (``.mha``) or in another file (``.mhd``).

It is read by the format's definition, and not by ITK: damaged headers end ITK's process, and of
damaged compressed voxels it says nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tfuq.data.orientation import orientation_of
from tfuq.data.readers.damage import naming_damage
from tfuq.data.readers.placed import FROM_LPS, Place, affine_of, require_millimetres, volume_of
from tfuq.data.readers.stored_voxels import AT_END, Encoding, StoredVoxels, file_beside
from tfuq.data.volume import Volume
from tfuq.errors import DataError

_KIND = "MetaImage file"
_MOST_HEADER = 2**20  # bytes
_DATA_FILE = re.compile(rb"^\s*ElementDataFile\s*=[ \t]*([^\r\n]*)(?:\r?\n)?", re.MULTILINE)
_LINE = re.compile(r"\s*(\w+)\s*=\s*(.*?)\s*")
_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_ARRAY = "_ARRAY"  # ends the type of several channels
_TRUE = ("true", "t", "1", "yes", "y")
_FALSE = ("false", "f", "0", "no", "n")
# Names of the same thing, of which programs write one or another.
_DIRECTIONS = ("TransformMatrix", "Orientation", "Rotation")
_ORIGINS = ("Offset", "Position", "Origin")
_SPACINGS = ("ElementSpacing", "ElementSize")  # the latter only where the first is not there
_BYTE_ORDERS = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
_NOTES = ("Comment", "Name")  # may be there several times
_OPPOSITE = str.maketrans("RLAPSI", "LRPAIS")
_UNIT_LENGTH = 1e-3  # by which the length of a direction may differ from 1


def read_metaimage(path: Path, *, is_label: bool = False) -> Volume:
    """Read a MetaImage file as float32, with its affine in RAS and mm.

    Args:
        path: The file; of a ``.mhd``, the header.
        is_label: Keep the file's own data type, whose whole numbers float32 may not hold.

    Returns:
        The volume. Its channels are the file's, or the fourth axis.

    Raises:
        DataError: Unreadable, truncated, times of several channels, axes that are not at right
            angles, voxels in another folder or in several files, larger than memory, or NaN or
            infinite voxels.
    """
    with naming_damage(path, _KIND):
        header = MetaImageHeader.of_file(path)
        place = header.place()
        array = header.stored_voxels().read()
        if header.channels > 1:
            array = np.moveaxis(array, 0, -1)
    return volume_of(path, array, header.spatial_axes, place, is_label=is_label)


def read_metaimage_affine(path: Path) -> np.ndarray:
    """Read from voxels to millimetres in RAS, ``[4, 4]``, and no voxel.

    Raises:
        DataError: As `read_metaimage`.
    """
    with naming_damage(path, _KIND):
        return MetaImageHeader.of_file(path).place().affine


def read_metaimage_channels(path: Path) -> int:
    """Read the number of channels, and no voxel.

    Raises:
        DataError: As `read_metaimage`.
    """
    with naming_damage(path, _KIND):
        header = MetaImageHeader.of_file(path)
        return header.channels * math.prod(header.sizes[3:])


@dataclass(frozen=True)
class MetaImageHeader:
    """The header of a file.

    Attributes:
        path: The file.
        fields: What the header says, by name.
        data_file: The name of the file of voxels, or ``LOCAL``.
        end: The byte after the header.
    """

    path: Path
    fields: Mapping[str, str]
    data_file: str
    end: int

    @classmethod
    def of_file(cls, path: Path) -> MetaImageHeader:
        """Read a file's header.

        Raises:
            ValueError: It is none.
        """
        with path.open("rb") as file:
            start = file.read(_MOST_HEADER)
        last = _DATA_FILE.search(start)
        if last is None:
            raise ValueError("its header has no ElementDataFile")
        fields: dict[str, str] = {}
        for line in start[: last.start()].decode("utf-8", errors="replace").splitlines():
            match = _LINE.fullmatch(line)
            if match and fields.get(match[1], match[2]) != match[2] and match[1] not in _NOTES:
                raise ValueError(f"its header has {match[1]} twice")
            if match:
                fields[match[1]] = match[2]
        return cls(path, fields, last[1].decode("utf-8", errors="replace").strip(), last.end())

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The length of every axis but that of channels, the fastest first.

        Raises:
            DataError: There are not 2 to 4, or a fourth beside several channels.
            ValueError: The header contradicts itself.
        """
        sizes = tuple(map(int, self._required("DimSize").split()))
        dimensions = int(self._required("NDims"))
        if len(sizes) != dimensions:
            raise ValueError(f"its NDims is {dimensions}, and it has {len(sizes)} sizes")
        if dimensions not in (2, 3, 4) or (dimensions == 4 and self.channels > 1):
            raise DataError(
                f"its sizes are {sizes} of {self.channels} channel(s); tfuq takes 2 or 3 axes of "
                "space and channels, which may be a fourth axis: save each time in a file of its "
                "own"
            )
        return sizes

    @property
    def spatial_axes(self) -> int:
        """How many axes of space there are."""
        return min(len(self.sizes), 3)

    @cached_property
    def channels(self) -> int:
        """How many channels each voxel has."""
        return int(self.fields.get("ElementNumberOfChannels", "1"))

    def place(self) -> Place:
        """Where its voxels lie.

        Raises:
            DataError: Lengths are not in mm, or the axes are not at right angles.
            ValueError: The header contradicts itself.
        """
        require_millimetres(self.fields.get("DistanceUnits", ""))
        count = len(self.sizes)
        rows = self._numbers(_DIRECTIONS, np.eye(count).ravel()).reshape(count, count)
        if np.abs(np.linalg.norm(rows, axis=1) - 1).max() > _UNIT_LENGTH:
            raise ValueError("its directions are not of length 1")
        if np.any(rows[:3, 3:]) or np.any(rows[3:, :3]):
            raise ValueError("its axes point into the fourth coordinate, which is no place")
        spacing = self._numbers(_SPACINGS, np.ones(count))
        if spacing.min() <= 0:
            raise ValueError("its spacing is not above 0")
        steps = (rows.T * spacing)[:3, :3]
        origin = self._numbers(_ORIGINS, np.zeros(count))[:3]
        affine = affine_of(steps, origin, FROM_LPS)
        return Place(affine, "directions", self._doubt(affine))

    def _doubt(self, affine: np.ndarray) -> str:
        """A contradiction between both ways in which the header names its axes."""
        written = self.fields.get("AnatomicalOrientation", "")
        if self.spatial_axes < 3 or not set(written) <= set("RLAPSI") or len(written) != 3:
            return ""
        # It says where each axis comes from.
        actual = orientation_of(affine).translate(_OPPOSITE)
        if written == actual:
            return ""
        return (
            f"the MetaImage header's AnatomicalOrientation is {written} and its directions say "
            f"{actual}; the directions are taken, as ITK does"
        )

    def stored_voxels(self) -> StoredVoxels:
        """Where and how its voxels are stored.

        Raises:
            DataError: They are in several files, or in one that is elsewhere.
            ValueError: The header does not say it, or says the impossible.
        """
        self._require_plain_values()
        path = self.path
        start = self.end
        if self.data_file.lower() != "local":
            path = self._data_file()
            start = int(self.fields.get("HeaderSize", "0"))
            if start < AT_END:
                raise ValueError(f"its HeaderSize is {start}")
        encoding: Encoding = "raw"
        if not self._is_true(("BinaryData",), default=True):
            encoding = "text"
        elif self._is_true(("CompressedData",), default=False):
            encoding = "zlib"
        sizes = self.sizes
        if self.channels != 1:
            sizes = (self.channels, *sizes)
        return StoredVoxels(
            path=path, start=start, encoding=encoding, dtype=self._dtype(), sizes=sizes
        )

    def _require_plain_values(self) -> None:
        slope = float(self.fields.get("ElementToIntensityFunctionSlope", "1"))
        offset = float(self.fields.get("ElementToIntensityFunctionOffset", "0"))
        if (slope, offset) != (1, 0):
            raise DataError(
                f"its values stand for others, by a slope of {slope:g} and an offset of "
                f"{offset:g}; apply them and save it without"
            )

    def _data_file(self) -> Path:
        if self.data_file.upper().startswith("LIST") or "%" in self.data_file:
            raise DataError(
                f"its voxels are spread over several files ('{self.data_file}'); "
                "save it as one .mha file"
            )
        return file_beside(self.path, self.data_file)

    def _dtype(self) -> np.dtype:
        name = self._required("ElementType").upper().removesuffix(_ARRAY)
        if name not in _TYPES:
            raise DataError(
                f"its ElementType is {name}, of which programs think differently, or which is no "
                f"real number; save it as one of {', '.join(_TYPES)}"
            )
        order = "<"
        if self._is_true(_BYTE_ORDERS, default=False):
            order = ">"
        return np.dtype(order + _TYPES[name])

    def _numbers(self, names: tuple[str, ...], default: np.ndarray) -> np.ndarray:
        """The numbers of the first of these fields that is there.

        Raises:
            ValueError: Another count, no numbers, or two names of one thing that differ.
        """
        present = [name for name in names if name in self.fields]
        if not present:
            return default
        written = {self.fields[name] for name in present}
        if len(written) > 1 and names != _SPACINGS:
            raise ValueError(f"its {' and its '.join(present)} differ")
        numbers = np.array([float(part) for part in self.fields[present[0]].split()])
        if len(numbers) != len(default) or not np.isfinite(numbers).all():
            raise ValueError(f"its {present[0]} must be {len(default)} numbers")
        return numbers

    def _is_true(self, names: tuple[str, ...], *, default: bool) -> bool:
        for name in names:
            if name in self.fields:
                written = self.fields[name].lower()
                if written not in (*_TRUE, *_FALSE):
                    raise ValueError(f"its {name} is '{written}', which must be True or False")
                return written in _TRUE
        return default

    def _required(self, name: str) -> str:
        if name not in self.fields:
            raise ValueError(f"its header has no {name}")
        return self.fields[name]
