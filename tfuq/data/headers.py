"""How a NIfTI header says where its voxels lie: read, held against itself, and copied.

A header may say it up to three times: by the sform, by the qform, and by the voxel sizes (pixdim)
that belong to the qform. Viewers differ in what they prefer. So what tfuq writes for a scan has all
of it as the scan has it, and tfuq itself computes by the rule of nibabel and FSL: the sform where
its code is above 0, else the qform where its code is above 0, else the voxel sizes alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np

from tfuq.data.on_use import ModuleOnUse

if TYPE_CHECKING:
    import nibabel
else:
    nibabel = ModuleOnUse("nibabel")

SCANNER = (1, 1)  # qform and sform codes: both are the coordinates of the scanner
ALIGNED = (0, 2)  # of a volume whose file had none: an alignment
# Millimetres per unit of length. A unit that is not known is the millimetre, as in most programs.
_MILLIMETRES = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_UNIT_NAMES = {0: "no unit (mm)", 1: "m", 2: "mm", 3: "µm"}
_LENGTH = 7  # the bits of xyzt_units that hold the unit of length
_COPIED = (
    "qform_code",
    "sform_code",
    *(f"quatern_{name}" for name in "bcd"),
    *(f"qoffset_{name}" for name in "xyz"),
    *(f"srow_{name}" for name in "xyz"),
    "xyzt_units",
)
_SIZES = slice(0, 4)  # of pixdim: the qform's handedness, and the size of a voxel along x, y, z
_TOLERANCE = 0.01  # by which sizes of a voxel may differ: headers are written by rounding programs
_MOST_DEGREES = 45.0  # between an axis by the qform and by the sform


@dataclass(frozen=True)
class SpatialHeader:
    """The fields of a NIfTI header that place its voxels, as a file has them.

    Those of a file of another kind are made of its affine.

    Attributes:
        fields: Their values by name; of ``pixdim``, the first four.
        form: How a file that is no NIfTI says where its voxels lie; empty for NIfTI.
        doubt: What such a file leaves open or says in two ways, and how it is taken; or empty.
    """

    fields: Mapping[str, np.ndarray] = field(compare=False)
    form: str = ""
    doubt: str = ""

    @classmethod
    def of_file(cls, header: nibabel.Nifti1Header) -> SpatialHeader:
        """Take the fields from a file's header, NIfTI-1 or NIfTI-2."""
        fields = {name: np.array(header[name]) for name in _COPIED}
        return cls({**fields, "pixdim": np.array(header["pixdim"][_SIZES])})

    @classmethod
    def of_affine(
        cls,
        affine: np.ndarray,
        codes: tuple[int, int] = ALIGNED,
        *,
        unit: str = "mm",
    ) -> SpatialHeader:
        """Make the fields from an affine.

        Args:
            affine: From voxels to millimetres, ``[4, 4]``; to pixels of a picture whose pixels
                nobody has measured.
            codes: Of the qform and of the sform.
            unit: ``mm``, or ``unknown`` for such pixels.
        """
        header = nibabel.Nifti1Image(np.empty((1, 1, 1), np.uint8), affine).header
        header.set_xyzt_units(unit)
        header.set_qform(affine, codes[0])
        header.set_sform(affine, codes[1])
        return cls.of_file(header)

    def copy_to(self, header: nibabel.Nifti1Header) -> None:
        """Set the fields in the header of a file that is to lie in the same place."""
        for name in _COPIED:
            header[name] = self.fields[name]
        header["pixdim"][_SIZES] = self.fields["pixdim"]

    @property
    def codes(self) -> tuple[int, int]:
        """Of the qform and of the sform; 0 where it does not hold."""
        return int(self.fields["qform_code"]), int(self.fields["sform_code"])

    @property
    def millimetres(self) -> float:
        """How many millimetres the header's unit of length has.

        Raises:
            ValueError: There is no such unit.
        """
        unit = int(self.fields["xyzt_units"]) & _LENGTH
        if unit not in _MILLIMETRES:
            raise ValueError(f"its unit of length has the number {unit}, which must be 0 to 3")
        return _MILLIMETRES[unit]

    @property
    def taken(self) -> str:
        """What of the file says where its voxels lie, as tfuq takes it."""
        if self.form:
            return self.form
        qform, sform = self.codes
        if sform > 0:
            return "sform"
        return "qform" if qform > 0 else "pixdim"

    @property
    def unit(self) -> str:
        """The unit of length, as the file has it."""
        if self.form:
            return "mm"
        return _UNIT_NAMES.get(int(self.fields["xyzt_units"]) & _LENGTH, "no unit (mm)")

    def apart(self, shape: tuple[int, ...]) -> float | None:
        """How far the qform puts a corner from where the sform puts it, in mm.

        Args:
            shape: How many voxels there are along each axis, ``[3]``.

        Returns:
            The largest distance; None where the file has not both, as no file but NIfTI has.
        """
        if self.form or self._qform is None or self.codes[1] <= 0:
            return None
        corners = np.array(list(itertools.product(*((0.0, size - 1.0) for size in shape))))
        difference = self._qform - self._sform
        moved = corners @ difference[:3, :3].T + difference[:3, 3]
        return float(np.linalg.norm(moved, axis=1).max() * self.millimetres)

    def contradiction(self, axes: int) -> str:
        """What the header says in two ways that cannot both be true; empty if nothing.

        Args:
            axes: How many spatial axes the file has.
        """
        if self.codes[1] <= 0:
            return ""
        return self._contradiction_of_sizes(axes) or self._contradiction_of_axes(axes)

    def _contradiction_of_sizes(self, axes: int) -> str:
        """Of a sheared sform, the length of an axis and the distance of its planes both hold."""
        matrix = self._sform[:3, :3]
        length = np.linalg.norm(matrix, axis=0)[:axes]
        distance = 1 / np.linalg.norm(np.linalg.inv(matrix), axis=1)[:axes]
        size = np.abs(self.fields["pixdim"][1 : axes + 1].astype(float))
        is_given = size > 0
        is_smaller = size < distance * (1 - _TOLERANCE)
        is_larger = size > length * (1 + _TOLERANCE)
        if not (is_given & (is_smaller | is_larger)).any():
            return ""
        return (
            f"its voxels measure {_product(length)} by its sform and {_product(size)} by its pixdim"
        )

    def _contradiction_of_axes(self, axes: int) -> str:
        if self.codes[0] <= 0:
            return ""
        if self._qform is None:
            return "its qform is no rotation beside an sform"
        cosine = (_directions(self._qform) * _directions(self._sform)).sum(0)[:axes]
        degrees = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
        if (degrees <= _MOST_DEGREES).all():
            return ""
        return f"its qform and its sform are turned against each other by {degrees.max():.0f}°"

    @cached_property
    def _sform(self) -> np.ndarray:
        rows = [self.fields[f"srow_{name}"] for name in "xyz"]
        return np.vstack([*rows, [0, 0, 0, 1]]).astype(float)

    @cached_property
    def _qform(self) -> np.ndarray | None:
        """The qform's affine; None where its code is 0 or it is no rotation."""
        header = nibabel.Nifti1Header()
        self.copy_to(header)
        try:
            affine, _ = header.get_qform(coded=True)
        except (ValueError, nibabel.spatialimages.HeaderDataError):
            return None
        return cast("np.ndarray | None", affine)


def _directions(affine: np.ndarray) -> np.ndarray:
    """Unit vectors along the axes, ``[3, 3]``, a column each."""
    matrix = affine[:3, :3]
    directions: np.ndarray = matrix / np.linalg.norm(matrix, axis=0)
    return directions


def _product(sizes: np.ndarray) -> str:
    return "×".join(f"{size:.4g}" for size in sizes)
