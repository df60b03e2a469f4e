"""Movements of arrays and of the landmarks in them: mirroring, affine maps, displacement fields.

Positions in arrays are (row, column, …); landmarks are (x, y) = (column, row) and move with the image they lie in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

_ITERATIONS, _STEP = 60, 0.5


@dataclass(frozen=True)
class Movement:
    """Where everything goes, for an image of space ``shape``: mirrored, turned and scaled, shifted, then distorted."""

    shape: tuple[int, ...]
    axes: list[int]
    matrix: np.ndarray
    shift: np.ndarray
    field: np.ndarray | None

    @classmethod
    def linear(cls, shape: tuple[int, ...], matrix: np.ndarray, field: np.ndarray | None = None) -> Movement:
        """Neither mirrored nor shifted: sampled at ``matrix`` times each position about the centre, then distorted."""
        return cls(tuple(shape), [], matrix, np.zeros(len(shape)), field)

    def of_array(self, array: np.ndarray, *, nearest: bool = False) -> np.ndarray:
        """An image ``[*S, C]`` or a label ``[*S]``, moved."""
        array = flip(array, self.axes)
        if self.shift.any() or not np.array_equal(self.matrix, np.eye(len(self.shape))):
            array = affine(array, self.matrix, shift=self.shift, nearest=nearest)
        return array if self.field is None else warp(array, self.field, nearest=nearest)

    def of_points(self, points: np.ndarray) -> np.ndarray:
        """Landmarks ``[L, 2]``, moved; NaN stays NaN."""
        points = move_points(flip_points(points, self.axes, self.shape), self.matrix, self.shape, self.shift)
        return points if self.field is None else warp_points(points, self.field)


def flip(array: np.ndarray, axes: list[int]) -> np.ndarray:
    """Mirrored along ``axes``."""
    return np.flip(array, axes) if axes else array


def flip_points(points: np.ndarray, axes: list[int], shape: tuple[int, ...]) -> np.ndarray:
    """Where `flip` puts the points (x, y) of an image of ``shape`` (rows, columns)."""
    places = points[:, ::-1].copy()
    for axis in axes:
        places[:, axis] = shape[axis] - 1 - places[:, axis]
    return places[:, ::-1]


def rotation(angles: np.ndarray) -> np.ndarray:
    """Rotation matrix: one angle in 2D, or about each of three axes in turn (radians)."""
    if len(angles) == 1:
        (c,), (s,) = np.cos(angles), np.sin(angles)
        return np.array([[c, -s], [s, c]])
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        turn = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[[a, a, b, b], [a, b, a, b]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        matrix = matrix @ turn
    return matrix


def affine(array: np.ndarray, matrix: np.ndarray, *, shift: np.ndarray | float = 0.0, nearest: bool = False) -> np.ndarray:
    """``array [*S]`` or ``[*S, C]`` sampled at ``matrix`` times each position, about its centre; edges repeat.

    The result is moved by ``shift`` pixels along the array's axes.
    """
    space = array.shape[: len(matrix)]
    centre = (np.array(space) - 1) / 2
    offset, order = centre - matrix @ (centre + shift), 0 if nearest else 1
    channels = array.reshape(*space, -1)
    moved = [
        ndimage.affine_transform(channels[..., c], matrix, offset, order=order, mode="nearest")
        for c in range(channels.shape[-1])
    ]
    return np.stack(moved, -1).reshape(array.shape)


def move_points(points: np.ndarray, matrix: np.ndarray, shape: tuple[int, ...], shift: np.ndarray | float = 0.0) -> np.ndarray:
    """Where `affine` puts the points (x, y) of an image of ``shape``: it samples there, so they move by the inverse."""
    centre = (np.array(shape) - 1) / 2
    places = (points[:, ::-1] - centre) @ np.linalg.inv(matrix).T + centre + shift
    return places[:, ::-1]


def elastic_field(rng: np.random.Generator, shape: tuple[int, ...], magnitude: float, smoothness: float) -> np.ndarray:
    """Displacements ``[*S, rank]`` in pixels: a stationary Gaussian field, smooth over ``smoothness`` pixels.

    Each component has the standard deviation ``magnitude``; below about a quarter of ``smoothness`` the image does not fold
    (Simard et al. 2003).
    """
    sigma = [*[smoothness] * len(shape), 0]
    impulses = [np.eye(1, size)[0] for size in shape]
    norms = [np.linalg.norm(ndimage.gaussian_filter1d(impulse, smoothness, mode="wrap")) for impulse in impulses]
    noise = rng.normal(0, magnitude / np.prod(norms), (*shape, len(shape))).astype(np.float32)
    return ndimage.gaussian_filter(noise, sigma, mode="wrap")


def warp(array: np.ndarray, field: np.ndarray, *, nearest: bool = False) -> np.ndarray:
    """``array [*S]`` or ``[*S, C]`` sampled at each position plus its displacement; edges repeat."""
    space, order = field.shape[:-1], 0 if nearest else 1
    positions = np.indices(space) + np.moveaxis(field, -1, 0)
    channels = array.reshape(*space, -1)
    moved = [
        ndimage.map_coordinates(channels[..., c], positions, order=order, mode="nearest") for c in range(channels.shape[-1])
    ]
    return np.stack(moved, -1).reshape(array.shape)


def warp_points(points: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Where `warp` puts the points (x, y): the positions whose displacement leads to them, by damped fixed-point iteration.

    Halving the step lets it settle wherever the image does not fold; a full step needs displacements that grow by less than 1
    a pixel.
    """
    origins = np.nan_to_num(points[:, ::-1])
    places = origins
    for _ in range(_ITERATIONS):
        displacement = [
            ndimage.map_coordinates(component, places.T, order=1, mode="nearest") for component in field.transpose(2, 0, 1)
        ]
        places = places + _STEP * (origins - places - np.stack(displacement, -1))
    return np.where(np.isnan(points), np.nan, places[:, ::-1])
