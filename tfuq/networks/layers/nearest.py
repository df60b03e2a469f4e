"""Up-sampling to nearest neighbours, for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tf_keras

# Axes whose gradients are added up together. The sums have the order of those of the layers of
# tf_keras on a CPU, so that a training gives the same weights to the bit as it did with them.
_SUMMED_TOGETHER = {2: ((1, 2),), 3: ((3,), (2,), (1,))}


class NearestUpsampling(tf_keras.layers.Layer):
    """Repeats every element of ``[N, *S, C]`` by a factor along every spatial axis.

    XLA compiles this layer and its gradient. It cannot compile the gradient of
    `tf_keras.layers.UpSampling2D`, and `tf_keras.layers.UpSampling3D` has an operation for every
    row of a volume.
    """

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        @tf.custom_gradient
        def repeat(tensor: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
            return repeated(tensor, self.factor), self._block_sums

        return repeat(inputs)

    def _block_sums(self, gradient: tf.Tensor) -> tf.Tensor:
        """The gradient of the inputs: sums over the elements that repeat the same one."""
        rank = len(gradient.shape) - 2
        for axes in _SUMMED_TOGETHER[rank]:
            gradient = summed(gradient, axes, self.factor)
        return gradient


def repeated(tensor: tf.Tensor, factor: int) -> tf.Tensor:
    """A tensor whose every element is repeated along every spatial axis.

    Args:
        tensor: ``[N, *S, C]``.
        factor: how often each element stands along an axis.

    Returns:
        ``[N, *(factor · S), C]``.
    """
    for axis in range(len(tensor.shape) - 2, 0, -1):
        # Side by side along the next axis, copies of a row are next to each other in memory.
        copies = tf.concat([tensor] * factor, axis + 1)
        shape = [-1, *tensor.shape[1:]]
        shape[axis] *= factor
        tensor = tf.reshape(copies, shape)
    return tensor


def summed(tensor: tf.Tensor, axes: tuple[int, ...], factor: int) -> tf.Tensor:
    """Sums over blocks of ``factor`` elements along some axes that follow each other.

    Args:
        tensor: ``[N, *S, C]``, S a multiple of the factor.
        axes: spatial axes, the first is 1. A block is added up row by row.
        factor: elements of a block along each axis.
    """
    shape = [-1]
    for axis, size in enumerate(tensor.shape[1:], 1):
        if axis in axes:
            shape += [size // factor, factor]
        else:
            shape.append(size)
    terms = [tf.reshape(tensor, shape)]
    for axis in axes:  # the blocks' axis of each comes after it, and is gone before the next
        elements = []
        for term in terms:
            elements += tf.unstack(term, factor, axis + 1)
        terms = elements
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
