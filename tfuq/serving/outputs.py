"""What a served network answers, by the names of files and columns of ``tfuq predict``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfuq.config import Config
from tfuq.reducers import chosen_class

Outputs = dict[str, tf.Tensor]


def make_outputs(config: Config, maps: Sequence[str]) -> Callable[[Outputs], Outputs]:
    """Make the function from statistics of the samples to the outputs of a signature.

    Args:
        config: The configuration.
        maps: The uncertainty measures that mean something at this number of samples.
    """
    is_random = len(maps) > 1
    if config.task == "landmarks":
        return lambda drawn: _landmarks(drawn["landmarks"], is_random=is_random)
    if config.task == "segmentation":
        return lambda drawn: _segmented(drawn, maps)
    measures = list(maps)
    if is_random:
        measures.append("votes")
    return lambda drawn: _classified(drawn, config.data.classes, measures)


def _segmented(drawn: Outputs, maps: Sequence[str]) -> Outputs:
    label = tf.cast(chosen_class(drawn["probability"]), tf.uint8)
    return {"label": label, **_chosen(drawn, maps)}


def _classified(drawn: Outputs, classes: Sequence[str], measures: Sequence[str]) -> Outputs:
    label = tf.gather(tf.constant(classes), chosen_class(drawn["probability"]))
    return {"label": label, **_chosen(drawn, measures)}


def _chosen(drawn: Outputs, measures: Sequence[str]) -> Outputs:
    return {name: drawn[name] for name in ("probability", *measures)}


def _landmarks(samples: tf.Tensor, *, is_random: bool) -> Outputs:
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
