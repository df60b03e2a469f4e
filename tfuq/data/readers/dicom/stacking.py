"""Slices as one volume: in their order, and only where they make one straight, even stack.

The patient's system of DICOM counts to the left, to the back and to the head; that of NIfTI to the
right, to the front and to the head. Here the slices of a stack are ordered along the normal of
their plane, which is the cross product of the directions of columns and rows.

References:
    DICOM PS3.3, C.7.6.2.1.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.readers.dicom.planes import Plane
from tfuq.data.readers.dicom_objects import TO_RAS
from tfuq.errors import DataError

_SAME_DIRECTION = 1e-3  # of a unit vector's elements
_SAME_PLACE = 0.01  # of a pixel
_EVEN = 0.05  # of the distance of slices: how far one may lie from its place
_ROUNDED = 0.11  # mm: the same, where its and the outermost positions are rounded to 0.1 mm
_STRAIGHT = 0.1  # of a pixel: how far the stack may lean
_MOST_LISTED = 5


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The slices of a volume.

    Attributes:
        planes: In their order along the third axis.
        affine: From columns, rows and slices to mm to the right, front and head, ``[4, 4]``.
    """

    planes: Sequence[Plane]
    affine: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Columns, rows and slices."""
        rows, columns = self.planes[0].shape
        return columns, rows, len(self.planes)


def stacked(source: Path, planes: Sequence[Plane]) -> Stack:
    """Order slices, and find their common grid.

    Args:
        source: The folder or file, for messages.
        planes: At least one.

    Raises:
        DataError: They have several sizes or orientations, there are several of one place, some are
            missing, they are not evenly spaced, or they lean.
    """
    _require_alike(source, planes)
    first = planes[0]
    normal = np.cross(*first.directions)
    ordered = sorted(planes, key=lambda plane: float(plane.position @ normal))
    step = _step(source, ordered, normal)
    columns, rows = first.directions
    affine = np.eye(4)
    affine[:3, 0] = columns * first.spacing[1]
    affine[:3, 1] = rows * first.spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = ordered[0].position
    return Stack(planes=ordered, affine=TO_RAS @ affine)


def _require_alike(source: Path, planes: Sequence[Plane]) -> None:
    first = planes[0]
    for plane in planes:
        if plane.shape != first.shape:
            raise _mixed(source, first, plane, "rows × columns", _times(first), _times(plane))
    for plane in planes:
        if not np.allclose(plane.directions, first.directions, atol=_SAME_DIRECTION):
            count = _count_of_orientations(planes)
            raise DataError(
                f"{source}: has slices of {count} orientations, {plane.name} beside {first.name}, "
                "as localizers have; move those of each orientation into a folder of its own"
            )
    for plane in planes:
        if not np.allclose(plane.spacing, first.spacing, rtol=1e-4, atol=0):
            texts = [f"{one.spacing[0]:g} × {one.spacing[1]:g} mm" for one in (first, plane)]
            raise _mixed(source, first, plane, "PixelSpacing", *texts)


def _times(plane: Plane) -> str:
    return f"{plane.shape[0]} × {plane.shape[1]}"


def _mixed(
    source: Path, first: Plane, other: Plane, name: str, of_first: str, of_other: str
) -> DataError:
    return DataError(
        f"{source}: its slices differ in {name}: {first.name} has {of_first}, {other.name} "
        f"{of_other}; move the files of each volume into a folder of its own"
    )


def _count_of_orientations(planes: Sequence[Plane]) -> int:
    different: list[np.ndarray] = []
    for plane in planes:
        is_known = [np.allclose(plane.directions, one, atol=_SAME_DIRECTION) for one in different]
        if not any(is_known):
            different.append(plane.directions)
    return len(different)


def _step(source: Path, ordered: Sequence[Plane], normal: np.ndarray) -> np.ndarray:
    """From one slice to the next, in mm of the patient's system, ``[3]``."""
    if len(ordered) == 1:
        return normal * _thickness(source, ordered[0])
    positions = np.stack([plane.position for plane in ordered])
    depths = positions @ normal
    _require_one_each(source, ordered, depths)
    _require_even(source, ordered, depths)
    _require_straight(source, ordered, positions, normal)
    step: np.ndarray = (positions[-1] - positions[0]) / (len(ordered) - 1)
    return step


def _thickness(source: Path, plane: Plane) -> float:
    if plane.thickness is None:
        raise DataError(
            f"{source}: is one slice whose header does not say how thick it is; "
            "set its SliceThickness, or give the whole series"
        )
    return plane.thickness


def _require_one_each(source: Path, ordered: Sequence[Plane], depths: np.ndarray) -> None:
    """Refuse several slices of one place."""
    near = _SAME_PLACE * float(ordered[0].spacing.min())
    is_new = np.concatenate([[True], np.diff(depths) > near])
    places = int(is_new.sum())
    if places == len(ordered):
        return
    index = int(np.flatnonzero(~is_new)[0])
    pair = ordered[index - 1 : index + 1]
    raise DataError(
        f"{source}: has {len(ordered)} slices at {places} places, {pair[0].name} and "
        f"{pair[1].name} at one of them: {_difference(ordered, *pair)}"
    )


def _difference(ordered: Sequence[Plane], first: Plane, second: Plane) -> str:
    """What tells two slices of one place apart, and what to do."""
    if first.instance == second.instance and first.frame == second.frame:
        return "they are copies of one image; remove one of them"
    for keyword, value in first.kinds.items():
        if second.kinds.get(keyword, value) != value:
            values = sorted({plane.kinds.get(keyword, "none") for plane in ordered})
            listed = ", ".join(values[:_MOST_LISTED])
            return (
                f"they differ in {keyword} ({listed}), so these are several volumes; "
                "move the files of each into a folder of its own"
            )
    return (
        "these are several volumes, such as points in time; "
        "move the files of each into a folder of its own"
    )


def _require_even(source: Path, ordered: Sequence[Plane], depths: np.ndarray) -> None:
    steps = np.diff(depths)
    usual = float(np.median(steps))
    mean = float(steps.mean())
    regular = depths[0] + mean * np.arange(len(depths))
    if np.abs(depths - regular).max() <= max(_EVEN * mean, min(_ROUNDED, mean / 4)):
        return
    missing = np.rint(steps / usual).astype(int) - 1
    gaps = np.flatnonzero(missing > 0)
    if gaps.size and np.abs(steps - usual * (missing + 1)).max() <= _EVEN * usual * 2:
        raise _missing_slices(source, ordered, gaps, missing, steps, usual)
    index = int(np.abs(steps - usual).argmax())
    raise DataError(
        f"{source}: its slices are not evenly spaced: most are {usual:.4g} mm apart, "
        f"{ordered[index].name} and {ordered[index + 1].name} {steps[index]:.4g} mm; "
        "resample the scan to even distances, as dcm2niix does (it names the file _Eq)"
    )


def _missing_slices(
    source: Path,
    ordered: Sequence[Plane],
    gaps: np.ndarray,
    missing: np.ndarray,
    steps: np.ndarray,
    usual: float,
) -> DataError:
    listed = []
    for index in gaps[:_MOST_LISTED]:
        pair = f"{ordered[index].name} and {ordered[index + 1].name}"
        listed.append(f"{missing[index]} between {pair} ({steps[index]:.4g} mm apart)")
    if len(gaps) > _MOST_LISTED:
        listed.append("and so on")
    return DataError(
        f"{source}: {missing.sum()} slice(s) are missing: {', '.join(listed)}, where slices are "
        f"{usual:.4g} mm apart; restore their files, or leave the case out"
    )


def _require_straight(
    source: Path, ordered: Sequence[Plane], positions: np.ndarray, normal: np.ndarray
) -> None:
    """Refuse slices that are shifted against each other, as those of a tilted gantry."""
    travelled = positions - positions[0]
    sideways = np.linalg.norm(travelled - np.outer(travelled @ normal, normal), axis=1)
    if sideways.max() <= _STRAIGHT * float(ordered[0].spacing.min()):
        return
    furthest = int(sideways.argmax())
    degrees = np.degrees(np.arctan2(sideways[furthest], travelled[furthest] @ normal))
    raise DataError(
        f"{source}: its slices are shifted against each other, {ordered[furthest].name} by "
        f"{sideways[furthest]:.4g} mm ({degrees:.3g}°), as those of a tilted gantry; straighten "
        "the scan, as dcm2niix does (it names the file _Tilt)"
    )
