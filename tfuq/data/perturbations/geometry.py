"""Movements of arrays and of the landmarks in them: mirroring, affine maps, displacement fields.

Positions in arrays are (row, column, …); landmarks are (x, y) = (column, row) and move with the
image that they lie in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse

if TYPE_CHECKING:
    from scipy import ndimage
else:
    ndimage = ModuleOnUse("scipy.ndimage")

# Of the iteration that inverts a displacement field.
_ITERATIONS = 60
_STEP = 0.5


@dataclass(frozen=True, kw_only=True)
class Movement:
    """Where everything goes: mirrored, turned and scaled, shifted, then distorted.

    Attributes:
        shape: Of the image's space.
        axes: The axes along which it is mirrored.
        matrix: ``[rank, rank]``; the image is sampled at the matrix times each position about the
            centre.
        shift: ``[rank]`` in pixels.
        field: Displacements ``[*shape, rank]`` in pixels; None where nothing is distorted.
    """

    shape: tuple[int, ...]
    axes: Sequence[int]
    matrix: np.ndarray
    shift: np.ndarray
    field: np.ndarray | None

    @classmethod
    def linear(
        cls, shape: tuple[int, ...], matrix: np.ndarray, field: np.ndarray | None = None
    ) -> Movement:
        """A movement that neither mirrors nor shifts; arguments as the attributes."""
        return cls(
            shape=tuple(shape),
            axes=[],
            matrix=matrix,
            shift=np.zeros(len(shape)),
            field=field,
        )

    def of_array(self, array: np.ndarray, *, nearest: bool = False) -> np.ndarray:
        """Move an image ``[*S, C]`` or a label ``[*S]``.

        Args:
            array: The image or label.
            nearest: Take the nearest voxel, as of a label; else interpolate linearly.
        """
        array = flip(array, self.axes)
        if self.shift.any() or not np.array_equal(self.matrix, np.eye(len(self.shape))):
            array = affine(array, self.matrix, shift=self.shift, nearest=nearest)
        if self.field is not None:
            array = warp(array, self.field, nearest=nearest)
        return array

    def of_points(self, points: np.ndarray) -> np.ndarray:
        """Move landmarks ``[L, 2]``; NaN stays NaN."""
        points = flip_points(points, self.axes, self.shape)
        points = move_points(points, self.matrix, self.shape, self.shift)
        if self.field is not None:
            points = warp_points(points, self.field)
        return points


def flip(array: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """Mirror an array along ``axes``."""
    return np.flip(array, tuple(axes)) if axes else array


def flip_points(points: np.ndarray, axes: Sequence[int], shape: tuple[int, ...]) -> np.ndarray:
    """Where `flip` puts the points (x, y) of an image of ``shape`` (rows, columns)."""
    positions = points[:, ::-1].copy()
    for axis in axes:
        positions[:, axis] = shape[axis] - 1 - positions[:, axis]
    return positions[:, ::-1]


def rotation(angles: np.ndarray) -> np.ndarray:
    """A rotation matrix.

    Args:
        angles: One angle in 2D, or angles about each of three axes in turn; in radians.

    Returns:
        The matrix ``[2, 2]`` or ``[3, 3]``.
    """
    if len(angles) == 1:
        cosine = np.cos(angles)[0]
        sine = np.sin(angles)[0]
        return np.array([[cosine, -sine], [sine, cosine]])
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        matrix = matrix @ _turn_about(axis, angle)
    return matrix


def _turn_about(axis: int, angle: float) -> np.ndarray:
    turn = np.eye(3)
    first = (axis + 1) % 3
    second = (axis + 2) % 3
    turn[first, first] = np.cos(angle)
    turn[first, second] = -np.sin(angle)
    turn[second, first] = np.sin(angle)
    turn[second, second] = np.cos(angle)
    return turn


def affine(
    array: np.ndarray,
    matrix: np.ndarray,
    *,
    shift: np.ndarray | float = 0.0,
    nearest: bool = False,
) -> np.ndarray:
    """Sample an array at a matrix times each position, about its centre; edges repeat.

    Args:
        array: ``[*S]`` or ``[*S, C]``.
        matrix: ``[rank, rank]``.
        shift: Pixels along the array's axes by which the result is moved.
        nearest: Take the nearest voxel; else interpolate linearly.
    """
    space = array.shape[: len(matrix)]
    centre = (np.array(space) - 1) / 2
    offset = centre - matrix @ (centre + shift)
    order = _interpolation_order(nearest)

    def sampled(channel: np.ndarray) -> np.ndarray:
        values: np.ndarray = ndimage.affine_transform(
            channel, matrix, offset, order=order, mode="nearest"
        )
        return values

    return _by_channel(sampled, array, space)


def _interpolation_order(nearest: bool) -> int:
    return 0 if nearest else 1


def _by_channel(
    sample: Callable[[np.ndarray], np.ndarray], array: np.ndarray, space: tuple[int, ...]
) -> np.ndarray:
    """Sample each channel of an array ``[*S]`` or ``[*S, C]``."""
    channels = array.reshape(*space, -1)
    count = channels.shape[-1]
    sampled = [sample(channels[..., index]) for index in range(count)]
    return np.stack(sampled, -1).reshape(array.shape)


def move_points(
    points: np.ndarray,
    matrix: np.ndarray,
    shape: tuple[int, ...],
    shift: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Where `affine` puts points; it samples at the matrix, so they move by its inverse.

    Args:
        points: ``[L, 2]`` (x, y).
        matrix: ``[2, 2]``.
        shape: Of the image (rows, columns).
        shift: As in `affine`.
    """
    centre = (np.array(shape) - 1) / 2
    offsets = points[:, ::-1] - centre
    positions = offsets @ np.linalg.inv(matrix).T + centre + shift
    return positions[:, ::-1]


def elastic_field(
    rng: np.random.Generator, shape: tuple[int, ...], magnitude: float, smoothness: float
) -> np.ndarray:
    """Draw displacements: a smooth, stationary Gaussian field.

    Args:
        rng: The source of randomness.
        shape: Of the image's space.
        magnitude: The standard deviation of each component in pixels. Below about a quarter of
            ``smoothness`` the image does not fold.
        smoothness: The standard deviation in pixels of the filter that smooths the field.

    Returns:
        The displacements ``[*shape, rank]`` in pixels, float32.

    References:
        Simard, Steinkraus, Platt 2003.
    """
    sigma = [*[smoothness] * len(shape), 0]
    norms = [_filter_norm(size, smoothness) for size in shape]
    std = magnitude / np.prod(norms)
    noise = rng.normal(0, std, (*shape, len(shape)))
    field: np.ndarray = ndimage.gaussian_filter(noise.astype(np.float32), sigma, mode="wrap")
    return field


def _filter_norm(size: int, sigma: float) -> np.floating:
    """By what a Gaussian filter along an axis multiplies the standard deviation of white noise."""
    impulse = np.eye(1, size)[0]
    response = ndimage.gaussian_filter1d(impulse, sigma, mode="wrap")
    return np.linalg.norm(response)


def warp(array: np.ndarray, field: np.ndarray, *, nearest: bool = False) -> np.ndarray:
    """Sample an array at each position plus its displacement; edges repeat.

    Args:
        array: ``[*S]`` or ``[*S, C]``.
        field: The displacements ``[*S, rank]`` in pixels.
        nearest: Take the nearest voxel; else interpolate linearly.
    """
    space = field.shape[:-1]
    positions = np.indices(space) + np.moveaxis(field, -1, 0)
    order = _interpolation_order(nearest)

    def sampled(channel: np.ndarray) -> np.ndarray:
        values: np.ndarray = ndimage.map_coordinates(
            channel, positions, order=order, mode="nearest"
        )
        return values

    return _by_channel(sampled, array, space)


def warp_points(points: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Where `warp` puts points: the positions whose displacement leads to them.

    They are found by damped fixed-point iteration. Halving the step lets it settle wherever the
    image does not fold; a full step needs displacements that grow by less than 1 a pixel.

    Args:
        points: ``[L, 2]`` (x, y); NaN stays NaN.
        field: The displacements ``[rows, columns, 2]`` in pixels.
    """
    origins = np.nan_to_num(points[:, ::-1])
    positions = origins
    for _ in range(_ITERATIONS):
        displacements = _displacements_at(positions, field)
        positions = positions + _STEP * (origins - positions - displacements)
    return np.where(np.isnan(points), np.nan, positions[:, ::-1])


def _displacements_at(positions: np.ndarray, field: np.ndarray) -> np.ndarray:
    components = []
    for component in field.transpose(2, 0, 1):
        components.append(ndimage.map_coordinates(component, positions.T, order=1, mode="nearest"))
    return np.stack(components, -1)
