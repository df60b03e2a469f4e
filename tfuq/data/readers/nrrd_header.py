"""The header of a NRRD file: its axes, and where its voxels lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tfuq.data.readers.placed import (
    FROM_LAS,
    FROM_LPS,
    FROM_RAS,
    Place,
    affine_of,
    require_millimetres,
)
from tfuq.errors import DataError

_MAGIC = re.compile(r"NRRD\d{4}\s*")
_MOST_HEADER = 2**22  # bytes
_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(r"([^:]+):\s(.*)")
_VECTOR = re.compile(r"\(([^()]*)\)|(none)")
_MOST_AXES = 16
# The spaces that say where right, front and head are, in mm of three coordinates.
_SPACES = {
    "right-anterior-superior": FROM_RAS,
    "ras": FROM_RAS,
    "left-anterior-superior": FROM_LAS,
    "las": FROM_LAS,
    "left-posterior-superior": FROM_LPS,
    "lps": FROM_LPS,
}
_DOUBT = (
    "the NRRD header names no space that says which side is left; its axes are taken to point to "
    "left, posterior and superior, as ITK does"
)
_SPATIAL_KINDS = ("domain", "space", "none", "???")


@dataclass(frozen=True)
class NrrdHeader:
    """The header of a file.

    Attributes:
        path: The file.
        fields: What the header says, by the name of the field in small letters without spaces.
        end: The byte after the header.
    """

    path: Path
    fields: Mapping[str, str]
    end: int

    @classmethod
    def of_file(cls, path: Path) -> NrrdHeader:
        """Read a file's header.

        Raises:
            ValueError: It is none.
        """
        with path.open("rb") as file:
            start = file.read(_MOST_HEADER)
        end = _END.search(start)
        text = start[: end.start()] if end else start
        lines = text.decode("utf-8", errors="replace").splitlines()
        if not lines or not _MAGIC.fullmatch(lines[0]):
            raise ValueError("it does not begin as NRRD files do")
        fields = _fields_of(lines[1:])
        if end is None and "datafile" not in fields:
            raise ValueError("its header has no end")
        return cls(path, fields, end.end() if end else len(start))

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The length of every axis, the fastest first."""
        sizes = tuple(map(int, self.required("sizes").split()))
        dimension = int(self.required("dimension"))
        if len(sizes) != dimension or dimension > _MOST_AXES:
            raise ValueError(f"its dimension is {dimension}, and it has {len(sizes)} sizes")
        return sizes

    @cached_property
    def spatial_axes(self) -> list[int]:
        """The axes of space, in their order."""
        axes = []
        for axis, (kind, step) in enumerate(zip(self._kinds, self._steps, strict=True)):
            if kind in _SPATIAL_KINDS and step is not None:
                axes.append(axis)
        if len(axes) == 4:
            axes = axes[:3]
        if len(axes) not in (2, 3) or len(self.sizes) - len(axes) > 1:
            raise DataError(
                f"its sizes are {self.sizes} with {len(axes)} axes of space; tfuq takes 2 or 3, "
                "and one axis more, of channels: save each time or component in a file of its own"
            )
        return axes

    @property
    def channel_axis(self) -> int | None:
        """The axis that is none of space."""
        others = set(range(len(self.sizes))) - set(self.spatial_axes)
        return others.pop() if others else None

    @cached_property
    def _kinds(self) -> list[str]:
        """What each axis is, in small letters."""
        kinds = self.fields.get("kinds")
        if kinds is None:
            return ["???"] * len(self.sizes)
        names = kinds.lower().split()
        if len(names) != len(self.sizes):
            raise ValueError(f"it has {len(names)} kinds of {len(self.sizes)} axes")
        if "complex" in names:
            raise DataError(
                "its voxels are complex numbers, which must be real; save their magnitude"
            )
        return names

    @cached_property
    def _steps(self) -> list[np.ndarray | None]:
        """From a voxel to the next along each axis; None of one that is none of space."""
        written = self.fields.get("spacedirections")
        if written is None:
            return self._spacings()
        steps = [_vector(match) for match in _VECTOR.finditer(written)]
        if len(steps) != len(self.sizes):
            raise ValueError(f"it has {len(steps)} space directions of {len(self.sizes)} axes")
        return steps

    def _spacings(self) -> list[np.ndarray | None]:
        """Steps along the coordinates, one after the other."""
        if "axismins" in self.fields or "axismaxs" in self.fields:
            raise DataError(
                "it says by 'axis mins' where it lies; tfuq takes 'space directions' and "
                "'space origin': save it again, as by SimpleITK or 3D Slicer"
            )
        count = len(self.sizes)
        written = self.fields.get("spacings", " ".join(["nan"] * count)).split()
        if len(written) != count:
            raise ValueError(f"it has {len(written)} spacings of {count} axes")
        spatial = [axis for axis in range(count) if self._kinds[axis] in _SPATIAL_KINDS]
        steps: list[np.ndarray | None] = [None] * count
        for coordinate, axis in enumerate(spatial[:3]):
            spacing = float(written[axis])
            step = np.zeros(min(len(spatial), 3))
            step[coordinate] = 1.0 if np.isnan(spacing) else spacing
            if step[coordinate] <= 0:
                raise ValueError(f"its spacing {spacing:g} is not above 0")
            steps[axis] = step
        return steps

    def place(self) -> Place:
        """Where its voxels lie.

        Raises:
            DataError: Lengths are not in mm, or the axes are not at right angles.
            ValueError: It says nothing of the kind.
        """
        for unit in re.findall(r'"[^"]*"', self.fields.get("spaceunits", "")):
            require_millimetres(unit)
        steps = np.stack([self._step_of(axis) for axis in self.spatial_axes], axis=1)
        origin = np.zeros(len(steps))
        if "spaceorigin" in self.fields:
            match = _VECTOR.fullmatch(self.fields["spaceorigin"].strip())
            written = _vector(match) if match else None
            if written is None:
                raise ValueError("its space origin is no place")
            origin = written
        form = "space directions" if "spacedirections" in self.fields else "spacings"
        space = self.fields.get("space", "").strip().lower().removesuffix("-time")
        doubt = "" if space in _SPACES else _DOUBT
        return Place(affine_of(steps, origin, _SPACES.get(space, FROM_LPS)), form, doubt)

    def _step_of(self, axis: int) -> np.ndarray:
        step = self._steps[axis]
        if step is None:
            raise ValueError(f"axis {axis} has no direction")
        return step

    def required(self, name: str) -> str:
        """What the header says in a field.

        Raises:
            ValueError: It has none of the name.
        """
        if name not in self.fields:
            raise ValueError(f"its header has no '{name}'")
        return self.fields[name]


def _fields_of(lines: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in _field_lines(lines):
        if name in fields:
            raise ValueError(f"its header has '{name}' twice")
        fields[name] = value
    return fields


def _field_lines(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Names and values, without comments and what programs add for themselves (``key:=value``)."""
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match and not line.startswith("#"):
            yield match[1].replace(" ", "").lower(), match[2]


def _vector(match: re.Match[str]) -> np.ndarray | None:
    if match[2]:
        return None
    vector = np.array([float(part) for part in match[1].split(",")])
    if not np.isfinite(vector).all():
        raise ValueError(f"({match[1]}) is no direction")
    return vector
