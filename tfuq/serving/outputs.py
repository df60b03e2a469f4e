"""What a served network answers, under the names of the files and columns that ``tfuq predict`` writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfuq.config import Config
from tfuq.reducers import chosen_class

Outputs = dict[str, tf.Tensor]


def make_outputs(config: Config, maps: Sequence[str]) -> Callable[[Outputs], Outputs]:
    """From what the sampling graph returns to what a signature does; ``maps``: the measures that mean something at this T."""
    if config.task == "landmarks":
        return lambda drawn: _landmarks(drawn["landmarks"], is_random=len(maps) > 1)
    if config.task == "segmentation":
        return lambda drawn: _label(drawn, tf.uint8) | {name: drawn[name] for name in ("probability", *maps)}
    names = [*maps, "votes"] if len(maps) > 1 else maps
    return lambda drawn: _class(drawn, config.data.classes) | {name: drawn[name] for name in ("probability", *names)}


def _label(drawn: Outputs, dtype: tf.DType) -> Outputs:
    return {"label": tf.cast(chosen_class(drawn["probability"]), dtype)}


def _class(drawn: Outputs, classes: Sequence[str]) -> Outputs:
    return {"label": tf.gather(tf.constant(classes), chosen_class(drawn["probability"]))}


def _landmarks(found: tf.Tensor, *, is_random: bool) -> Outputs:
    """`tfuq.measures.landmark` of samples ``[N, T, L, 3 or 4]``: ``[N, L]`` each, in pixels of the network's input."""
    wide = tf.cast(found, tf.float64)
    points = wide[..., :2]
    mean = tf.reduce_mean(points, 1, keepdims=True)
    x, y = tf.unstack(points - mean, axis=-1)
    products = {"xx": x * x, "xy": x * y, "yy": y * y}
    outputs = {"x": mean[:, 0, :, 0], "y": mean[:, 0, :, 1], "max_activation": tf.reduce_mean(wide[..., 2], 1)}
    if is_random:
        outputs |= {f"covariance_{name}": tf.reduce_mean(product, 1) for name, product in products.items()}
        outputs["variance"] = outputs["covariance_xx"] + outputs["covariance_yy"]
        outputs["mean_radial_spread"] = tf.reduce_mean(tf.sqrt(x * x + y * y), 1)
    if found.shape[-1] == 4:
        outputs["aleatoric_variance"] = 2.0 * tf.reduce_mean(tf.exp(wide[..., 3]), 1)
    if found.shape[-1] == 4 and is_random:
        outputs["epistemic_variance"] = outputs["variance"]
        outputs["total_variance"] = outputs["aleatoric_variance"] + outputs["variance"]
    return {name: tf.cast(values, tf.float32) for name, values in outputs.items()}
