"""Landmark regression: what a server answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.data.preprocessing import Box
from tfuq.measures.landmark import ELLIPSE, landmark_measures
from tfuq.networks.heteroscedastic import LOG_VARIANCE_BOUNDS
from tfuq.prediction import Predictor
from tfuq.serving.description import Export
from tfuq.serving.expectation import ANY, Asked, Output, Pair, numbers
from tfuq.serving.tasks.base import SERVED, Arrays, PageWords, ServedTask, Tensors
from tfuq.tasks.records import LandmarkStatistics

_HALF_PIXEL = 0.5  # the border of an image lies beyond the centre of its last pixel


def _outputs(config: Config, maps: Sequence[str]) -> Callable[[Tensors], Tensors]:
    is_random = len(maps) > 1
    return lambda statistics: _measures(statistics["landmarks"], is_random=is_random)


def _measures(samples: tf.Tensor, *, is_random: bool) -> Tensors:
    """Measures of landmarks, see `tfuq.measures.landmark`.

    Args:
        samples: ``[N, T, L, 3]``, or 4 with a log variance.
        is_random: Whether there is more than one sample.

    Returns:
        ``[N, L]`` each, in pixels of the network's input.
    """
    wide = tf.cast(samples, tf.float64)
    points = wide[..., :2]
    mean = tf.reduce_mean(points, 1, keepdims=True)
    x, y = tf.unstack(points - mean, axis=-1)
    products = {"xx": x * x, "xy": x * y, "yy": y * y}
    outputs = {
        "x": mean[:, 0, :, 0],
        "y": mean[:, 0, :, 1],
        "max_activation": tf.reduce_mean(wide[..., 2], 1),
    }
    if is_random:
        for name, product in products.items():
            outputs[f"covariance_{name}"] = tf.reduce_mean(product, 1)
        outputs["variance"] = outputs["covariance_xx"] + outputs["covariance_yy"]
        outputs["mean_radial_spread"] = tf.reduce_mean(tf.sqrt(x * x + y * y), 1)
    has_variance = samples.shape[-1] == 4
    if has_variance:
        outputs["aleatoric_variance"] = 2.0 * tf.reduce_mean(tf.exp(wide[..., 3]), 1)
    if has_variance and is_random:
        outputs["epistemic_variance"] = outputs["variance"]
        outputs["total_variance"] = outputs["aleatoric_variance"] + outputs["variance"]
    return {name: tf.cast(values, tf.float32) for name, values in outputs.items()}


def _expected(asked: Asked) -> dict[str, Output]:
    height, width = asked.space
    across = _pixels(width)
    down = _pixels(height)
    columns = [across, down, ANY]
    if asked.config.network.heteroscedastic:
        columns.append(LOG_VARIANCE_BOUNDS)
    landmarks = len(asked.export.landmarks)
    shape = (asked.images, landmarks)
    samples = (asked.images, asked.samples, landmarks, len(columns))
    # The variance of what lies within a range is at most a quarter of its square (Popoviciu 1935).
    both = (0.0, (width**2 + height**2) / 4)
    least, greatest = LOG_VARIANCE_BOUNDS
    predicted = (2.0 * math.exp(least), 2.0 * math.exp(greatest))
    bounds = {
        "x": across,
        "y": down,
        "max_activation": ANY,
        "covariance_xx": (0.0, width**2 / 4),
        "covariance_xy": (-width * height / 4, width * height / 4),
        "covariance_yy": (0.0, height**2 / 4),
        "variance": both,
        "mean_radial_spread": (0.0, math.hypot(width, height)),
        "aleatoric_variance": predicted,
        "epistemic_variance": both,
        "total_variance": (predicted[0], predicted[1] + both[1]),
    }
    known = {name: numbers(shape, pair) for name, pair in bounds.items()}
    return known | {"landmarks": numbers(samples, tuple(columns))}


def _pixels(size: int) -> Pair:
    """Positions along an axis of an image."""
    return -_HALF_PIXEL, size - _HALF_PIXEL


def _named(
    predictor: Predictor[LandmarkStatistics], statistics: LandmarkStatistics, box: Box
) -> Arrays:
    """Measures of landmarks ``[N, L]`` by name, of samples ``[N, T, L, 3 or 4]``."""
    wide = statistics.landmarks.astype(float)
    images = [_landmark_rows(of_image) for of_image in wide]
    outputs = {}
    for name in images[0][0]:
        if name not in ELLIPSE:
            values = [_column(rows, name) for rows in images]
            outputs[name] = np.array(values, np.float32)
    return outputs


def _landmark_rows(samples: np.ndarray) -> list[dict[str, float]]:
    """Measures of each landmark of an image, of its samples ``[T, L, 3 or 4]``."""
    rows = []
    for k in range(samples.shape[1]):
        points = samples[:, k, :2]
        activations = samples[:, k, 2]
        variances = None
        if samples.shape[-1] == 4:
            variances = np.exp(samples[:, k, 3:]) * np.ones(2)
        rows.append(landmark_measures(points, activations, None, variances))
    return rows


def _column(rows: list[dict[str, float]], name: str) -> list[float]:
    return [row[name] for row in rows]


def _words(export: Export) -> PageWords:
    height, width = export.patch_size
    names = ", ".join(export.landmarks)
    return PageWords(
        inputs="images",
        example="image.png",
        sizes="",
        answers=(
            "Positions are in pixels of the image that was sent: x is the column, y the row, "
            "centres are whole numbers. On an image of W×H pixels that was\n"
            f"resampled to {width}×{height}, column x is (x + ½)·W/{width} − ½. "
            f"Landmarks, along the last axis: {names}."
        ),
    )


SERVED.register("landmarks")(
    ServedTask(outputs=_outputs, expected=_expected, named=_named, words=_words)
)
