"""Anchors: each member is pulled to weights of its own, drawn from the prior."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.config.ensemble import ANCHORED
from tfuq.networks.layers import fold_in, layer_salt, standard_normal
from tfuq.training.step import Penalty

_SALT = layer_salt("anchors")
_KERNEL = "/kernel"
_BIAS = "/bias"


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Where a variable is pulled to.

    Attributes:
        variable: The variable.
        target: A draw from the prior, of its shape.
        scale: Standard deviation of the prior.
    """

    variable: tf.Variable
    target: tf.Variable
    scale: float


def draw_anchors(model: tf_keras.Model, seed: int, prior_scale: float | None) -> list[Anchor]:
    """Draw an anchor for the kernel and the bias of every layer that is not frozen.

    Gains and offsets of normalization have none: they have no prior.

    Args:
        model: The network. Within a strategy's scope, the anchors are mirrored as its weights are.
        seed: Of the member. The same seed gives the same anchors, so that they need no file.
        prior_scale: Standard deviation of the prior; None for that of He's initializer of the
            layer's kernel, √(2 / inputs).
    """
    scales: dict[str, float] = {}
    for variable in model.trainable_variables:
        layer, kind = _parts(variable)
        if kind == _KERNEL:
            scales[layer] = prior_scale or math.sqrt(2.0 / _inputs(variable))
    first = fold_in(tf.constant([seed, 0], tf.int32), _SALT)
    anchors = []
    for variable in model.trainable_variables:
        layer, kind = _parts(variable)
        if kind not in (_KERNEL, _BIAS) or layer not in scales:
            continue
        noise = standard_normal(variable.shape, fold_in(first, layer_salt(layer + kind)))
        target = tf.Variable(scales[layer] * noise, trainable=False)
        anchors.append(Anchor(variable=variable, target=target, scale=scales[layer]))
    return anchors


def anchoring(anchors: list[Anchor]) -> tf.Tensor:
    """Σ (θ − θ_anchor)² / 2σ² over all anchored weights, a scalar.

    Each member, trained with this times 1 / N beside its mean loss, is about a sample of the
    posterior: randomized maximum a posteriori. Members spread less than the posterior where the
    data say much, as labels are not drawn anew for each.

    References:
        Pearce et al. 2020, Uncertainty in neural networks: approximately Bayesian ensembling
        (arXiv:1810.05546).
    """
    terms = [tf.zeros([])]  # a network that is frozen but for its normalization has no anchor
    for anchor in anchors:
        squares = tf.math.squared_difference(anchor.variable, anchor.target)
        terms.append(tf.reduce_sum(squares) / (2.0 * anchor.scale**2))
    return tf.add_n(terms)


def anchoring_of(config: Config, model: tf_keras.Model, seed: int, scale: float) -> Penalty | None:
    """The penalty of a member's weights by its anchors; None for another kind of diversity.

    Args:
        config: The configuration.
        model: The member's network.
        seed: Of the member.
        scale: What a nat of the log posterior is in the loss, see
            `tfuq.training.member_data.posterior_scale`.
    """
    if config.ensemble.diversity != ANCHORED:
        return None
    anchors = draw_anchors(model, seed, config.ensemble.prior_scale)
    return lambda: scale * anchoring(anchors)


def _parts(variable: tf.Variable) -> tuple[str, str]:
    """The layer of a variable, and its kind with a slash, such as ``/kernel``."""
    layer, _, kind = variable.name.removesuffix(":0").rpartition("/")
    return layer, f"/{kind}"


def _inputs(kernel: tf.Variable) -> int:
    return math.prod(kernel.shape[:-1])
