"""Closed contours on the planes of a scan, filled to masks of its voxels.

A voxel belongs to a structure where its centre is inside an odd number of the contours of its
plane, so that a contour within another leaves a hole (even–odd, or XOR). Of a centre that lies on
a contour, one side belongs to the structure and the other does not, so that structures that touch
share no voxel. A contour that is there twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.data.volume import Volume

_DIGITS = 4  # of a voxel, of points of a contour: as exact as a header's affine
_FLAT = 0.1  # voxels, by which the points of a contour may lie beside their plane
_ON_PLANE = 0.1  # voxels, by which the plane of a contour may lie beside that of the scan
_LEAST_STEPS = 2  # between planes, that tell a distance


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A structure that was filled.

    Attributes:
        mask: bool ``[X, Y, Z]``.
        outside: How many contours lie on planes beyond the scan, or leave it.
        gaps: How many planes between the first and the last one have no contour.
    """

    mask: np.ndarray
    outside: int
    gaps: int


def filled(contours: Sequence[np.ndarray], grid: Volume) -> Filled:
    """Fill the contours of a structure.

    Args:
        contours: Each ``[n, 3]`` in mm, closed, in a plane of the grid's voxels.
        grid: Whose grid is taken.

    Raises:
        ValueError: A contour lies in no plane of voxels, between two, or the contours are drawn
            on every second plane or fewer, so that the ones between are not known.
    """
    mask = np.zeros(grid.shape, bool)
    if not contours:
        return Filled(mask=mask, outside=0, gaps=0)
    in_voxels = [_in_voxels(contour, grid) for contour in contours]
    axis = _axis_across(in_voxels)
    by_plane = _by_plane(in_voxels, axis)
    gaps = _gaps(sorted(by_plane))
    planes = np.moveaxis(mask, axis, 0)
    for plane, flat in by_plane.items():
        if 0 <= plane < len(planes):
            planes[plane] = _inside(flat, planes.shape[1:])
    outside = sum(_leaves(points, grid.shape) for points in in_voxels)
    return Filled(mask=mask, outside=outside, gaps=gaps)


def _in_voxels(contour: np.ndarray, grid: Volume) -> np.ndarray:
    inverse = np.linalg.inv(grid.affine)
    voxels: np.ndarray = contour @ inverse[:3, :3].T + inverse[:3, 3]
    return np.round(voxels, _DIGITS)


def _axis_across(contours: Iterable[np.ndarray]) -> int:
    """The axis along which every contour has one position."""
    thickness = np.max([np.ptp(points, axis=0) for points in contours], axis=0)
    axis = int(np.argmin(thickness))
    if thickness[axis] > _FLAT:
        raise ValueError(
            f"a contour lies in no plane of the scan's voxels: it crosses {thickness[axis]:.3g} "
            "of them; draw it on the planes of this scan"
        )
    return axis


def _by_plane(contours: Iterable[np.ndarray], axis: int) -> dict[int, list[np.ndarray]]:
    """The contours ``[n, 2]`` of each plane, each once."""
    planes: dict[int, dict[bytes, np.ndarray]] = {}
    for points in contours:
        position = float(points[:, axis].mean())
        plane = round(position)
        if abs(position - plane) > _ON_PLANE:
            raise ValueError(
                f"a contour lies between two planes of the scan, at {position:.2f} counted from "
                "0; draw it on the planes of this scan"
            )
        flat = np.delete(points, axis, axis=1)
        planes.setdefault(plane, {})[np.unique(flat, axis=0).tobytes()] = flat
    return {plane: list(by_points.values()) for plane, by_points in planes.items()}


def _gaps(planes: Sequence[int]) -> int:
    """How many planes between the first and the last have no contour."""
    steps = np.diff(planes)
    is_apart = steps > 1
    if len(steps) >= _LEAST_STEPS and is_apart.mean() > 0.5:
        raise ValueError(
            f"most of its contours are {np.median(steps[is_apart]):g} planes of the scan apart, "
            "and what is between is not known; interpolate them in the planning system"
        )
    return int(np.maximum(steps - 1, 0).sum())


def _leaves(points: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether a contour has points outside of all voxels."""
    last = np.array(shape) - 0.5
    return bool((points < -0.5).any() or (points > last).any())


def _inside(contours: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Which voxels of a plane are inside an odd number of contours, bool ``[A, B]``.

    Each row of voxels is walked along: at every edge that is crossed, inside becomes outside.
    """
    crossings = np.zeros((shape[0], shape[1] + 1), np.uint8)
    for points in contours:
        rows, columns = _crossings(points, shape)
        np.add.at(crossings, (rows, columns), 1)
    parity = np.bitwise_xor.accumulate(crossings & 1, axis=1)
    return parity[:, :-1].astype(bool)


def _crossings(points: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where the edges of a contour cross rows of voxels.

    An edge crosses the rows from its lower end on to before its upper end.

    Returns:
        Rows ``[n]``, and the first voxel of each that lies behind the edge ``[n]``.
    """
    ends = np.roll(points, -1, axis=0)
    first = np.clip(np.ceil(np.minimum(points[:, 0], ends[:, 0])), 0, shape[0]).astype(int)
    stop = np.clip(np.ceil(np.maximum(points[:, 0], ends[:, 0])), 0, shape[0]).astype(int)
    counts = stop - first
    edge = np.repeat(np.arange(len(points)), counts)
    start_of_edge = np.repeat(np.cumsum(counts) - counts, counts)
    rows = first[edge] + np.arange(counts.sum()) - start_of_edge
    run = ends[edge] - points[edge]
    columns = points[edge, 1] + (rows - points[edge, 0]) * run[:, 1] / run[:, 0]
    behind = np.clip(np.ceil(np.round(columns, _DIGITS)), 0, shape[1]).astype(int)
    return rows, behind
