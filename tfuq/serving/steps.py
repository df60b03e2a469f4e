"""Who prepares an image that is served: what is a function of the request alone is done in the graph, the rest by the client."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfuq.config import Config
from tfuq.data.preprocessing import Statistics

Step = Callable[[tf.Tensor], tf.Tensor]


def is_whole_image(config: Config) -> bool:
    """Whether an example is a case: then what is measured over a case is measured over an example."""
    return config.task != "segmentation"


def graph_steps(config: Config) -> list[str]:
    """The steps of preprocessing that the graph does, in order; see `client_steps`.

    A volume's own mean is none of its slices' and windows', and voxels outside a mask are set between window and z-score.
    """
    steps, found = config.preprocessing, []
    own = steps.normalization == "zscore"
    if steps.window and steps.outside_labels is None and (is_whole_image(config) or not own):
        found.append("window")
    if steps.normalization == "zscore-training" or (own and is_whole_image(config)):
        found.append(steps.normalization)
    return found if is_whole_image(config) else [*found, "pad"]


def client_steps(config: Config) -> list[str]:
    """What a client does before it sends an image, in order, in words."""
    steps, patch = config.preprocessing, "×".join(map(str, config.network.patch_size))
    left = [
        (steps.crop_to_labels, f"crop to the box of the mask, {steps.crop_margin} voxels wider on each side"),
        (steps.spacing, f"resample linearly to voxels of {steps.spacing} mm"),
        (steps.size, f"resample linearly to {steps.size} voxels"),
        (is_whole_image(config), f"resample linearly to {patch} pixels over the same field of view"),
        (steps.anti_aliasing, "before resampling, smooth axes that lose voxels by a Gaussian of σ = (factor − 1) / 2 voxels"),
        (steps.window and "window" not in graph_steps(config), f"clip intensities to {steps.window}"),
        (steps.outside_labels is not None, f"set voxels outside the mask to {steps.outside_labels}"),
        (
            steps.normalization == "zscore" and not is_whole_image(config),
            "per channel, subtract the mean of the whole volume and divide by its standard deviation",
        ),
        (steps.slice_axis is not None and not is_whole_image(config), f"send slices along voxel axis {steps.slice_axis}"),
    ]
    return [text for is_needed, text in left if is_needed]


class Preparation(tf.Module):
    """The graph's steps: ``[N, *S, C]`` → the network's input, to the bit what `tfuq.data.preprocessing` makes of it.

    The training set's mean and deviation are variables: TensorFlow multiplies by a constant's reciprocal where it should divide.
    """

    def __init__(self, config: Config, statistics: Statistics | None):
        super().__init__()
        self._config, self._names = config, graph_steps(config)
        if statistics:
            self.mean, self.std = (
                tf.Variable(values, dtype=tf.float64, trainable=False) for values in (statistics.mean, statistics.std)
            )

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        steps: dict[str, Step] = {
            "window": self._window,
            "zscore": _zscore,
            "zscore-training": lambda x: _standardized(x, self.mean, self.std),
            "pad": lambda x: pad(x, self._config.network.patch_size),
        }
        for name in self._names:
            images = steps[name](images)
        return images

    def _window(self, images):
        return tf.clip_by_value(images, *self._config.preprocessing.window)


def _zscore(images):
    """Each image by its own mean and deviation."""
    space = list(range(1, len(images.shape) - 1))
    wide = tf.cast(images, tf.float64)
    mean, squares = (tf.reduce_sum(x, space, keepdims=True) / _count(images) for x in (wide, wide**2))
    std = tf.sqrt(tf.maximum(squares - mean**2, 0.0))
    flat = tf.debugging.Assert(
        tf.reduce_all(std > 0), ["image: a channel is constant, so it cannot be z-scored; mend or exclude it"]
    )
    with tf.control_dependencies([flat]):
        return _standardized(images, mean, std)


def _count(images):
    return tf.cast(tf.reduce_prod(tf.shape(images)[1:-1]), tf.float64)


def _standardized(images, mean, std):
    return tf.cast((tf.cast(images, tf.float64) - mean) / std, tf.float32)


def pad(images: tf.Tensor, patch: Sequence[int]) -> tf.Tensor:
    """Padded evenly with zeros to at least ``patch``."""
    missing = tf.maximum(tf.constant(list(patch)) - tf.shape(images)[1:-1], 0)
    ends = tf.stack([missing // 2, missing - missing // 2], -1)
    return tf.pad(images, tf.concat([[[0, 0]], ends, [[0, 0]]], 0))


def without_padding(values: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """What was computed of padded images ``[N, *S, …]``, where the images of ``shape [*S]`` lie (see `pad`)."""
    rank = shape.shape[0]
    starts = (tf.shape(values)[1 : 1 + rank] - shape) // 2
    further = len(values.shape) - 1 - rank
    begin = tf.concat([[0], starts, [0] * further], 0)
    size = tf.concat([[-1], shape, [-1] * further], 0)
    return tf.ensure_shape(tf.slice(values, begin, size), values.shape[:1] + [None] * rank + values.shape[1 + rank :])
