"""Test-time augmentation: each sample sees the image transformed, and its outputs are moved back.

The transform is drawn from the sample's seed. So the network with it is again a function of a
window of the image, the window's place and a seed, and all that samples networks takes it as it is.

A sample stays one function of the image. Places turn about the centre of the first window, in the
same way in every window, and what is dropped depends on the place after the transform: windows that
overlap drop the same there. A window is moved back before it is blended with others.

References:
    Wang et al. 2019, Aleatoric uncertainty estimation with test-time augmentation for medical image
    segmentation with convolutional neural networks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.config import AFFINE, FLIPS, Config
from tfuq.networks.layers import fold_in, layer_salt, uniform
from tfuq.sampling.interpolation import linear_at
from tfuq.sampling.known import size_of
from tfuq.sampling.prefix import SplitNetwork

_SALT = layer_salt("test-time augmentation")
_DEGREES = 10.0  # where training drew no angles and no factors
_SCALE = 0.1
_ANGLES = 3


@dataclass(frozen=True, kw_only=True)
class TransformRanges:
    """What transforms are drawn from.

    Attributes:
        flip_axes: axes along which one half of the samples see the image mirrored.
        is_affine: whether the image is turned and scaled.
        degrees: the largest angle to either side.
        scale: the largest share by which the image is made larger or smaller.
        plane_axis: as in `tfuq.config.AugmentationConfig`.
    """

    flip_axes: tuple[int, ...] = ()
    is_affine: bool = False
    degrees: float = 0.0
    scale: float = 0.0
    plane_axis: int | None = None


NO_TRANSFORMS = TransformRanges()


def ranges_of(config: Config, transforms: Sequence[str]) -> TransformRanges:
    """What a configuration draws transforms from, see `tfuq.config.learning.PredictionConfig`.

    Args:
        config: the configuration.
        transforms: their kinds.
    """
    trained = config.augmentation
    flip_axes: tuple[int, ...] = ()
    if FLIPS in transforms:
        every_axis = range(config.network.rank)
        flip_axes = tuple(axis for axis in trained.flip_axes if axis in every_axis)
        flip_axes = flip_axes or tuple(every_axis)
    if AFFINE not in transforms:
        return TransformRanges(flip_axes=flip_axes)
    degrees, scale = trained.rotation_degrees, trained.scale
    if not degrees and not scale:
        degrees, scale = _DEGREES, _SCALE
    return TransformRanges(
        flip_axes=flip_axes,
        is_affine=True,
        degrees=degrees,
        scale=scale,
        plane_axis=trained.plane_axis,
    )


def with_transforms(split: SplitNetwork, ranges: TransformRanges) -> SplitNetwork:
    """A network that sees what it is shown transformed at random.

    Nothing of it can run once per image: the prefix hands over the image.

    Args:
        split: the network.
        ranges: what transforms are drawn from.
    """
    if ranges == NO_TRANSFORMS:
        return split
    image = split.prefix.inputs[0]
    return replace(
        split,
        prefix=tf_keras.Model(image, [image]),
        suffix=TransformedNetwork(split, ranges),
    )


class TransformedNetwork(tf_keras.layers.Layer):
    """A network between a transform and its inverse.

    Call arguments:
        inputs: the image ``[B, *patch, C]``, posterior widths, ``corner`` and ``seed``, as the
            suffix of `SplitNetwork` takes them.
    """

    def __init__(self, split: SplitNetwork, ranges: TransformRanges) -> None:
        """Take a network.

        Args:
            split: the network.
            ranges: what transforms are drawn from.
        """
        super().__init__(autocast=False)
        self._grid = split.grid
        self._prefix = split.prefix
        self._suffix = split.suffix
        self._ranges = ranges
        self._applied = _computed_alike(self._apply)
        self._undone = _computed_alike(self._undo)

    def call(self, inputs: Sequence[tf.Tensor], training: bool = False) -> tf.Tensor:
        image, *widths, corner, seed = inputs
        rank = len(image.shape) - 2
        corner_of_each = tf.broadcast_to(corner, [size_of(image, 0), rank])
        seen, moved_corner, rounding = self._applied(image, corner_of_each, seed)
        features = tf.nest.flatten(self._prefix(seen, training=training))
        # As many as there were: one corner, and so one mask, may serve all images.
        moved_corner = moved_corner[: tf.shape(corner)[0]]
        outputs = self._suffix([*features, *widths, moved_corner, seed], training=training)
        if len(outputs.shape) != len(image.shape):
            return outputs
        return self._undone(outputs, rounding, seed)

    def _apply(
        self, image: tf.Tensor, corner: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Windows as the network is to see them, where they then begin, and their rounding."""
        transform = draw(self._ranges, seed, rank=corner.shape[-1])
        moved = transform.moved(corner, self._grid)
        return transform.applied(image, moved.rounding), moved.corner, moved.rounding

    def _undo(self, outputs: tf.Tensor, rounding: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Outputs at the places of the image."""
        transform = draw(self._ranges, seed, rank=rounding.shape[-1])
        return transform.undone(outputs, rounding)


def _computed_alike(function: Callable[..., Any]) -> tf.types.experimental.PolymorphicFunction:
    """The function, not inlined, so that parts of a volume and the whole of it compute it alike."""
    return tf.function(function, autograph=False, experimental_attributes={"_noinline": True})


@dataclass(frozen=True, kw_only=True)
class MovedWindows:
    """Where windows lie after a transform.

    Attributes:
        corner: their first voxels, int32 ``[B, rank]``, multiples of the network's grid.
        rounding: by how much a window that is turned and scaled was moved on to the grid, in
            voxels, ``[B, rank]``.
    """

    corner: tf.Tensor
    rounding: tf.Tensor


@dataclass(frozen=True, kw_only=True)
class Transform:
    """One transform: the image is turned and scaled, then mirrored.

    Attributes:
        ranges: what it was drawn from.
        is_flipped: whether the image is mirrored along each axis, bool ``[rank]``.
        matrix: by which places about the centre are multiplied, ``[rank, rank]``.
        inverse: of the matrix.
    """

    ranges: TransformRanges
    is_flipped: tf.Tensor
    matrix: tf.Tensor
    inverse: tf.Tensor

    def moved(self, corner: tf.Tensor, grid: Sequence[int]) -> MovedWindows:
        """Where windows lie after the transform.

        Args:
            corner: their first voxels, int32 ``[B, rank]``.
            grid: voxels of which first voxels are multiples.
        """
        rounding = tf.zeros_like(corner, tf.float32)
        if self.ranges.is_affine:
            steps = tf.constant(grid)
            turned = _times(self.matrix, tf.cast(corner, tf.float32))
            corner = steps * tf.cast(tf.round(turned / tf.cast(steps, tf.float32)), tf.int32)
            rounding = tf.cast(corner, tf.float32) - turned
        return MovedWindows(corner=tf.where(self.is_flipped, -corner, corner), rounding=rounding)

    def applied(self, image: tf.Tensor, rounding: tf.Tensor) -> tf.Tensor:
        """Windows of the image, as the network is to see them.

        Args:
            image: its windows ``[B, *patch, C]``.
            rounding: as `MovedWindows` has it.
        """
        if self.ranges.is_affine:
            shifted = _places(image) + _in_space(rounding, image)
            image = self._resampled(image, _times(self.inverse, shifted))
        return self._mirrored(image)

    def undone(self, outputs: tf.Tensor, rounding: tf.Tensor) -> tf.Tensor:
        """Outputs ``[B, *patch, C]`` at the places of the image; arguments are as of `applied`."""
        outputs = self._mirrored(outputs)
        if not self.ranges.is_affine:
            return outputs
        turned = _times(self.matrix, _places(outputs))
        return self._resampled(outputs, turned - _in_space(rounding, outputs))

    def _mirrored(self, values: tf.Tensor) -> tf.Tensor:
        for axis in self.ranges.flip_axes:
            values = tf.where(self.is_flipped[axis], tf.reverse(values, [1 + axis]), values)
        return values

    def _resampled(self, values: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """Values at places about the centre of windows, ``[B, *patch, rank]``."""
        return tf.ensure_shape(linear_at(values, places + _centre(values)), values.shape)


def draw(ranges: TransformRanges, seed: tf.Tensor, *, rank: int) -> Transform:
    """Draw a transform.

    Args:
        ranges: what it is drawn from.
        seed: of the sample, int32 ``[2]``.
        rank: axes in space.
    """
    shares = uniform([rank + _ANGLES + 1], fold_in(seed, _SALT))
    flips = np.isin(np.arange(rank), ranges.flip_axes)
    either_side = 2.0 * shares[rank:] - 1.0
    angles = either_side[:_ANGLES] * math.radians(ranges.degrees)
    factors = tf.fill([rank], 1.0 + either_side[_ANGLES] * ranges.scale)
    if rank == _ANGLES and ranges.plane_axis is not None:
        is_across = np.arange(rank) == ranges.plane_axis
        angles = tf.where(is_across, angles, 0.0)
        factors = tf.where(is_across, 1.0, factors)
    turn = _rotation(angles, rank)
    return Transform(
        ranges=ranges,
        is_flipped=(shares[:rank] < 0.5) & flips,
        matrix=turn * factors,
        inverse=tf.transpose(turn) / factors[:, None],
    )


def _rotation(angles: tf.Tensor, rank: int) -> tf.Tensor:
    """A rotation matrix, by one angle in 2D, or by one about each of three axes in turn."""
    if rank == 2:
        return _turn(angles[0], (0, 1), rank)
    turn = tf.eye(rank)
    for axis in range(rank):
        plane = ((axis + 1) % rank, (axis + 2) % rank)
        turn @= _turn(angles[axis], plane, rank)
    return turn


def _turn(angle: tf.Tensor, plane: tuple[int, int], rank: int) -> tf.Tensor:
    """The matrix of a rotation in the plane of two axes, ``[rank, rank]``."""
    first, second = np.eye(rank, dtype=np.float32)[list(plane)]
    in_plane = np.outer(first, first) + np.outer(second, second)
    quarter = np.outer(second, first) - np.outer(first, second)
    return np.eye(rank) - in_plane + tf.cos(angle) * in_plane + tf.sin(angle) * quarter


def _times(matrix: tf.Tensor, vectors: tf.Tensor | np.ndarray) -> tf.Tensor:
    """A matrix times each of vectors ``[…, rank]``.

    By sums and not by a product of matrices, which GPUs may compute in fewer digits.
    """
    return tf.reduce_sum(matrix * vectors[..., None, :], -1)


def _centre(values: tf.Tensor) -> np.ndarray:
    """The centre of windows ``[B, *patch, C]``, in voxels."""
    centre: np.ndarray = (np.array(values.shape[1:-1], np.float32) - 1) / 2
    return centre


def _places(values: tf.Tensor) -> np.ndarray:
    """The voxels of windows ``[B, *patch, C]`` about their centre, ``[*patch, rank]``."""
    space = tuple(values.shape[1:-1])
    places: np.ndarray = np.moveaxis(np.indices(space, np.float32), 0, -1) - _centre(values)
    return places


def _in_space(vectors: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Vectors ``[B, rank]`` of windows, to be added to each of their voxels."""
    rank = len(values.shape) - 2
    return tf.reshape(vectors, [-1, *[1] * rank, rank])
