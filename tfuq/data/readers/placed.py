"""Volumes of files that say by directions, spacing and origin where their voxels lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tfuq.data.headers import SCANNER, SpatialHeader
from tfuq.data.volume import Volume, require_affine, require_finite
from tfuq.errors import DataError

# What brings coordinates to RAS, in which x grows to the right, y to the front, z to the head.
FROM_RAS = (1.0, 1.0, 1.0)
FROM_LAS = (-1.0, 1.0, 1.0)
FROM_LPS = (-1.0, -1.0, 1.0)
_SHEAR = 1e-3  # the cosine between two axes that are still taken to be at right angles
MILLIMETRES = ("", "mm", "millimeter", "millimeters", "millimetre", "millimetres")


@dataclass(frozen=True)
class Place:
    """Where the voxels of a file lie.

    Attributes:
        affine: From voxels to millimetres in RAS, ``[4, 4]``.
        form: What of the header says it.
        doubt: What the header leaves open or says in two ways, and how it is taken; or empty.
    """

    affine: np.ndarray
    form: str
    doubt: str = ""


def affine_of(steps: np.ndarray, origin: np.ndarray, to_ras: tuple[float, ...]) -> np.ndarray:
    """Make an affine in RAS.

    Args:
        steps: From a voxel to the next along each axis, ``[coordinates, axes]`` in mm, of 2 or 3
            spatial axes. Where there are four coordinates, the last is no place.
        origin: Of the first voxel, ``[coordinates]`` in mm.
        to_ras: The sign of each coordinate in RAS, ``[3]``.

    Returns:
        The affine ``[4, 4]``.

    Raises:
        DataError: The axes are not at right angles.
        ValueError: There are no such voxels.
    """
    coordinates, axes = steps.shape
    if len(origin) != coordinates or coordinates not in (2, 3, 4) or axes > coordinates:
        raise ValueError(f"its {axes} axes lie in a space of {len(origin)} coordinates")
    if np.any(steps[3:]):
        raise ValueError("its axes point into the fourth coordinate, which is no place")
    affine = np.eye(4)
    if axes == 2 and coordinates > 2:
        normal = np.cross(steps[:3, 0], steps[:3, 1])
        affine[:3, 2] = normal / np.linalg.norm(normal)
    affine[: min(coordinates, 3), :axes] = steps[:3]
    affine[: min(coordinates, 3), 3] = origin[:3]
    affine = np.diag([*to_ras, 1.0]) @ affine
    require_affine(affine)
    _require_right_angles(affine)
    return affine


def _require_right_angles(affine: np.ndarray) -> None:
    """A viewer shows no labels on axes that are not at right angles, as NIfTI's qform has none."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    cosine = np.abs(directions.T @ directions - np.eye(3)).max()
    if cosine > _SHEAR:
        degrees = np.degrees(np.arccos(min(cosine, 1.0)))
        raise DataError(
            f"its axes are at an angle of {degrees:.4g}°, which must be right angles; "
            "resample it, as by SimpleITK's Resample onto a grid of right angles"
        )


def require_millimetres(unit: str) -> None:
    """Refuse a header whose lengths are not in mm; viewers take them for mm all the same.

    Raises:
        DataError: Another unit.
    """
    if unit.strip(' "').lower() not in MILLIMETRES:
        raise DataError(f"its unit of length is {unit}; tfuq takes mm: save it with lengths in mm")


def volume_of(path: Path, array: np.ndarray, axes: int, place: Place, *, is_label: bool) -> Volume:
    """Make a volume of what a file holds.

    Args:
        path: The file, for messages.
        array: The voxels ``[X, Y(, Z)(, C)]``.
        axes: How many spatial axes there are, 2 or 3.
        place: Where the voxels lie.
        is_label: Keep the array's own data type; else it becomes float32.

    Raises:
        DataError: A voxel is NaN or infinite.
    """
    if not is_label:
        with np.errstate(all="ignore"):
            array = array.astype(np.float32, copy=False)
    require_finite(path, array)
    if array.ndim > axes and array.shape[-1] == 1:
        array = array[..., 0]
    if axes == 2:
        array = array[:, :, None]
    header = SpatialHeader.of_affine(place.affine, SCANNER)
    header = replace(header, form=place.form, doubt=place.doubt)
    return Volume(array, place.affine, header, ndim=axes)
