"""Who prepares an image that is served.

The graph does what is a function of the request alone. The client does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import tensorflow as tf

from tfuq.config import TASKS, Config
from tfuq.data.preprocessing import Statistics

Step = Callable[[tf.Tensor], tf.Tensor]


def is_whole_image(config: Config) -> bool:
    """Whether an example is a case; then what is measured over a case is measured over it."""
    return not TASKS[config.task].has_volumes


def graph_steps(config: Config) -> list[str]:
    """The steps of preprocessing that the graph does, in order; see `client_steps`.

    A volume's own mean is none of its slices and windows. Voxels outside a mask are set between
    window and z-score.
    """
    preprocessing = config.preprocessing
    is_whole = is_whole_image(config)
    is_by_own_mean = preprocessing.normalization == "zscore"
    is_by_training = preprocessing.normalization == "zscore-training"
    can_window = preprocessing.outside_labels is None and (is_whole or not is_by_own_mean)
    steps = []
    if preprocessing.window and can_window:
        steps.append("window")
    if is_by_training or (is_by_own_mean and is_whole):
        steps.append(preprocessing.normalization)
    if not is_whole:
        steps.append("pad")
    return steps


def client_steps(config: Config) -> list[str]:
    """What a client does before it sends an image, in order, in words."""
    return [
        *_geometry_steps(config),
        *_intensity_steps(config),
        *_slicing_steps(config),
    ]


def _geometry_steps(config: Config) -> list[str]:
    preprocessing = config.preprocessing
    steps = []
    if preprocessing.orientation:
        steps.append(
            "bring the axes, by order and direction alone, to where they point to "
            f"{preprocessing.orientation}, and what is answered back to the scan's own"
        )
    if preprocessing.crop_to_labels:
        margin = preprocessing.crop_margin
        steps.append(f"crop to the box of the mask, {margin} voxels wider on each side")
    if preprocessing.spacing:
        steps.append(f"resample linearly to voxels of {preprocessing.spacing} mm")
    if preprocessing.size:
        steps.append(f"resample linearly to {preprocessing.size} voxels")
    if is_whole_image(config):
        patch = "×".join(map(str, config.network.patch_size))
        steps.append(f"resample linearly to {patch} pixels over the same field of view")
    if preprocessing.anti_aliasing:
        steps.append(
            "before resampling, smooth axes that lose voxels by a Gaussian of "
            "σ = (factor − 1) / 2 voxels"
        )
    return steps


def _intensity_steps(config: Config) -> list[str]:
    preprocessing = config.preprocessing
    steps = []
    if preprocessing.window and "window" not in graph_steps(config):
        steps.append(f"clip intensities to {preprocessing.window}")
    if preprocessing.outside_labels is not None:
        steps.append(f"set voxels outside the mask to {preprocessing.outside_labels}")
    if preprocessing.normalization == "zscore" and not is_whole_image(config):
        steps.append(
            "per channel, subtract the mean of the whole volume and divide by its standard "
            "deviation"
        )
    return steps


def _slicing_steps(config: Config) -> list[str]:
    axis = config.preprocessing.slice_axis
    if axis is None or is_whole_image(config):
        return []
    return [f"send slices along voxel axis {axis}"]


class Preparation(tf.Module):
    """The graph's steps: ``[N, *S, C]`` → the network's input.

    The result is to the bit what `tfuq.data.preprocessing` makes. The training set's mean and
    deviation are variables, as TensorFlow multiplies by a constant's reciprocal where it should
    divide.
    """

    def __init__(self, config: Config, statistics: Statistics | None) -> None:
        """Make the variables.

        Args:
            config: The configuration.
            statistics: Intensities of the training cases, where normalization needs them.
        """
        super().__init__()
        self._config = config
        self._names = graph_steps(config)
        if statistics:
            self.mean = tf.Variable(statistics.mean, dtype=tf.float64, trainable=False)
            self.std = tf.Variable(statistics.std, dtype=tf.float64, trainable=False)

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Prepare images ``[N, *S, C]``."""
        steps: dict[str, Step] = {
            "window": self._window,
            "zscore": _zscore,
            "zscore-training": lambda x: _standardized(x, self.mean, self.std),
            "pad": lambda x: pad(x, self._config.network.patch_size),
        }
        for name in self._names:
            images = steps[name](images)
        return images

    def _window(self, images: tf.Tensor) -> tf.Tensor:
        low, high = cast(tuple[float, float], self._config.preprocessing.window)
        return tf.clip_by_value(images, low, high)


def _zscore(images: tf.Tensor) -> tf.Tensor:
    """Each image by its own mean and deviation."""
    space = list(range(1, len(images.shape) - 1))
    wide = tf.cast(images, tf.float64)
    squares = wide**2
    mean = tf.reduce_sum(wide, space, keepdims=True) / _count(images)
    mean_square = tf.reduce_sum(squares, space, keepdims=True) / _count(images)
    std = tf.sqrt(tf.maximum(mean_square - mean**2, 0.0))
    message = "image: a channel is constant, so it cannot be z-scored; mend or exclude it"
    varies = tf.debugging.Assert(tf.reduce_all(std > 0), [message])
    with tf.control_dependencies([varies]):
        return _standardized(images, mean, std)


def _count(images: tf.Tensor) -> tf.Tensor:
    """Pixels of an image."""
    return tf.cast(tf.reduce_prod(tf.shape(images)[1:-1]), tf.float64)


def _standardized(images: tf.Tensor, mean: tf.Tensor, std: tf.Tensor) -> tf.Tensor:
    return tf.cast((tf.cast(images, tf.float64) - mean) / std, tf.float32)


def pad(images: tf.Tensor, patch: Sequence[int]) -> tf.Tensor:
    """Pad images evenly with zeros.

    Args:
        images: ``[N, *S, C]``.
        patch: The least size, ``[*S]``.
    """
    missing = tf.maximum(tf.constant(list(patch)) - tf.shape(images)[1:-1], 0)
    ends = tf.stack([missing // 2, missing - missing // 2], -1)
    return tf.pad(images, tf.concat([[[0, 0]], ends, [[0, 0]]], 0))


def without_padding(values: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """Crop what was computed of padded images to the images (see `pad`).

    Args:
        values: ``[N, *S, …]``.
        shape: The size of the images, int32 ``[*S]``.
    """
    rank = shape.shape[0]
    starts = (tf.shape(values)[1 : 1 + rank] - shape) // 2
    other_axes = len(values.shape) - 1 - rank
    begin = tf.concat([[0], starts, [0] * other_axes], 0)
    size = tf.concat([[-1], shape, [-1] * other_axes], 0)
    static_shape = values.shape[:1] + [None] * rank + values.shape[1 + rank :]
    return tf.ensure_shape(tf.slice(values, begin, size), static_shape)
