"""What a network puts out: every architecture written out in plain operations, in double precision.

``x`` is always ``[N, *S, C]``, or ``[N, C]`` of what has no space. Layers are known by the names
that their weights are stored under.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf
from scipy.special import expit, log_softmax, softmax

from tests.audit.of_labels import probabilistic, stochastic
from tests.audit.residual_unet import residual_unet
from tests.audit.sampling import Corner, Draw
from tests.audit.stored import Weights

VARIATIONAL = ("vi", "latent-vi")
_EPSILON = 1e-3  # of a group's variance, as tf_keras has it
_LEAST_WIDTH = float(np.finfo(np.float32).eps)  # that TFP adds to a posterior's width


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp x)."""
    return np.logaddexp(0, x)


def linear_weights(source: int, target: int) -> np.ndarray:
    """``[target, source]``: linear interpolation between pixel centres, constant beyond the
    outermost."""
    place = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    distance = np.abs(place[:, None] - np.arange(source))
    return np.maximum(1 - distance, 0)


def resize(x: np.ndarray, shape: Sequence[int], first_axis: int = 1) -> np.ndarray:
    """Spatial axes of ``x``, which begin at ``first_axis``, brought to ``shape`` linearly."""
    for axis, size in enumerate(shape, start=first_axis):
        if x.shape[axis] != size:
            along = np.tensordot(linear_weights(x.shape[axis], size), x, (1, axis))
            x = np.moveaxis(along, 0, axis)
    return x


@dataclass(frozen=True)
class Layers:
    """The layers of one member at one draw, for a window that begins at ``corner`` of its volume.

    ``spans`` collects how many voxels an element spans of each map whose elements are dropped one
    by one.
    """

    weights: Weights
    network: dict
    draw: Draw
    drops: bool
    corner: Corner
    spans: list[Corner] = field(default_factory=list)

    def kernel(self, name: str) -> np.ndarray:
        """A layer's kernel: its own, its posterior's mean, or drawn from its posterior."""
        if f"{name}/kernel" in self.weights:
            return self.weights[f"{name}/kernel"]
        mean = self.weights[f"{name}/kernel_posterior_loc"]
        if "weights" not in self.draw.sources:
            return mean
        raw = self.weights[f"{name}/kernel_posterior_untransformed_scale"]
        width = softplus(raw) + _LEAST_WIDTH
        return mean + width * self.draw.layer_noise(name, mean.shape)

    def bias(self, name: str) -> np.ndarray:
        """A layer's bias, which is never drawn."""
        point = f"{name}/bias"
        return self.weights[point if point in self.weights else f"{name}/bias_posterior_loc"]

    def conv(
        self,
        x: np.ndarray,
        name: str,
        stride: int | Sequence[int] = 1,
        padding: str = "SAME",
    ) -> np.ndarray:
        """A convolution alone."""
        kernel = tf.constant(self.kernel(name))
        found = tf.nn.convolution(tf.constant(x), kernel, strides=stride, padding=padding)
        return found.numpy() + self.bias(name)

    def dense(self, x: np.ndarray, name: str) -> np.ndarray:
        """A dense layer alone."""
        return x @ self.kernel(name) + self.bias(name)

    def normalized(self, x: np.ndarray, name: str) -> np.ndarray:
        """Group normalization (Wu & He 2018): of each channel, or of up to eight groups."""
        kind = self.network["normalization"]
        if kind == "none":
            return x
        channels = x.shape[-1]
        groups = channels if kind == "instance" else math.gcd(8, channels)
        grouped = x.reshape(*x.shape[:-1], groups, channels // groups)
        axes = (*range(1, x.ndim - 1), x.ndim)
        centred = grouped - grouped.mean(axes, keepdims=True)
        scaled = centred / np.sqrt(grouped.var(axes, keepdims=True) + _EPSILON)
        gamma, beta = (self.weights[f"{name}_norm/{part}"] for part in ("gamma", "beta"))
        return scaled.reshape(x.shape) * gamma + beta

    def activated(self, x: np.ndarray, name: str, kind: str | None = None) -> np.ndarray:
        """The network's activation, or another."""
        kind = kind or self.network["activation"]
        if kind == "linear":
            return x
        if kind == "leaky-relu":
            return np.where(x > 0, x, 0.01 * x)
        if kind == "prelu":
            slope = self.weights[f"{name}_prelu/alpha"]
            return np.maximum(x, 0) + slope * np.minimum(x, 0)
        return getattr(tf.nn, kind)(tf.constant(x)).numpy()

    def dropout(self, x: np.ndarray, name: str, rate: float) -> np.ndarray:
        """Dropout, where the method draws it."""
        if not (rate and self.drops and "dropout" in self.draw.sources):
            return x
        if x.ndim == 2 or self.network["spatial_dropout"]:
            return x * self.draw.channel_mask(name, x.shape[-1], rate)
        sizes = zip(self.network["patch_size"], x.shape[1:-1], strict=True)
        span = [patch // size for patch, size in sizes]
        self.spans.append(tuple(span))
        corner = tuple(start // n for start, n in zip(self.corner, span, strict=True))
        return x * self.draw.element_mask(name, x.shape[1:], rate, corner)

    def dropout_after_each(self, x: np.ndarray, name: str) -> np.ndarray:
        """The dropout that follows every convolution."""
        return self.dropout(x, f"{name}_dropout", self.network["dropout_after_each"])

    def level_dropout(self, x: np.ndarray, name: str, level: int) -> np.ndarray:
        """The dropout that ends a level."""
        return self.dropout(x, name, self.network["level_dropout"].get(level, 0.0))

    def block(
        self,
        x: np.ndarray,
        name: str,
        stride: int | Sequence[int] = 1,
        padding: str = "SAME",
    ) -> np.ndarray:
        """Convolution, normalization, activation, dropout."""
        x = self.normalized(self.conv(x, name, stride=stride, padding=padding), name)
        return self.dropout_after_each(self.activated(x, name), name)

    def two_blocks(self, x: np.ndarray, name: str) -> np.ndarray:
        """Two of them."""
        return self.block(self.block(x, f"{name}_conv1"), f"{name}_conv2")

    def head(self, x: np.ndarray) -> np.ndarray:
        """From features to the network's outputs."""
        if self.network["head_filters"]:
            kind = None if self.network["head_activation"] == "same" else "linear"
            x = self.activated(self.conv(x, "head_conv"), "head_conv", kind)
        return self.conv(x, "logits")


def max_pool(x: np.ndarray) -> np.ndarray:
    """The largest of two along every spatial axis; what is left over is dropped."""
    for axis in range(1, x.ndim - 1):
        half = x.shape[axis] // 2
        pairs = np.take(x, range(2 * half), axis)
        x = pairs.reshape(*x.shape[:axis], half, 2, *x.shape[axis + 1 :]).max(axis + 1)
    return x


def nearest_twice(x: np.ndarray) -> np.ndarray:
    """Every value twice along every spatial axis."""
    for axis in range(1, x.ndim - 1):
        x = np.repeat(x, 2, axis)
    return x


def unet(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Ronneberger et al. 2015, with up-sampling and a convolution of size two on the way up."""
    depth = len(layers.network["widths"])
    skips = []
    for level in range(1, depth + 1):
        x = max_pool(x) if skips else x
        x = layers.two_blocks(x, f"encoder{level}")
        x = layers.level_dropout(x, f"encoder{level}_dropout", level)
        skips.append(x)
    for level in range(depth - 1, 0, -1):
        x = nearest_twice(x)
        x = layers.dropout(x, f"decoder{level}_dropout", layers.network["upsample_dropout"])
        x = layers.block(x, f"decoder{level}_up_conv")
        x = np.concatenate([skips[level - 1], x], -1)
        x = layers.two_blocks(x, f"decoder{level}")
    return layers.head(x)


def vnet(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Milletari et al. 2016: stages that learn what to add to their input."""
    depth = len(layers.network["widths"])
    skips = []
    for level in range(1, depth + 1):
        x = layers.block(x, f"down{level - 1}_conv", stride=2) if skips else x
        x = _stage(layers, x, f"encoder{level}", level)
        x = layers.level_dropout(x, f"encoder{level}_dropout", level)
        skips.append(x)
    for level in range(depth - 1, 0, -1):
        x = nearest_twice(x)
        x = layers.dropout(x, f"decoder{level}_dropout", layers.network["upsample_dropout"])
        x = layers.block(x, f"decoder{level}_up_conv")
        x = np.concatenate([skips[level - 1], x], -1)
        x = _stage(layers, x, f"decoder{level}", level)
    return layers.head(x)


def _stage(layers: Layers, given: np.ndarray, name: str, level: int) -> np.ndarray:
    x = given
    count = min(level, 3)
    for number in range(1, count):
        x = layers.block(x, f"{name}_conv{number}")
    last = f"{name}_conv{count}"
    x = layers.normalized(layers.conv(x, last), last)
    if given.shape[-1] != x.shape[-1]:
        given = layers.conv(given, f"{name}_projection")
    return layers.dropout_after_each(layers.activated(given + x, name), last)


def fcn(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Long et al. 2015: scores of the three deepest levels, added from the deepest up."""
    depth = len(layers.network["widths"])
    size = x.shape[1:-1]
    pooled = []
    for level in range(1, depth + 1):
        x = max_pool(layers.two_blocks(x, f"level{level}"))
        if level == depth:
            x = layers.block(layers.block(x, "classifier_conv1"), "classifier_conv2")
        x = layers.level_dropout(x, f"level{level}_dropout", level)
        pooled.append(x)
    total = layers.conv(pooled[-1], f"score{depth}")
    for level in range(depth - 1, max(depth - 3, 0), -1):
        score = layers.conv(pooled[level - 1], f"score{level}")
        total = resize(total, score.shape[1:-1]) + score
    return resize(total, size)


def lenet(layers: Layers, x: np.ndarray) -> np.ndarray:
    """LeCun et al. 1998."""
    convolutions = len(layers.network["widths"])
    for level in range(1, convolutions + 1):
        x = max_pool(layers.block(x, f"conv{level}", padding="SAME" if level == 1 else "VALID"))
        x = layers.level_dropout(x, f"dropout{level}", level)
    x = x.reshape(len(x), -1)
    for level in range(convolutions + 1, convolutions + 1 + len(layers.network["dense_widths"])):
        x = layers.activated(layers.dense(x, f"dense{level}"), f"dense{level}")
        x = layers.level_dropout(x, f"dropout{level}", level)
    return layers.dense(x, "logits")


def resnet(layers: Layers, x: np.ndarray) -> np.ndarray:
    """He et al. 2016, with a first convolution of stride one."""
    x = layers.block(x, "stem")
    for stage in range(1, len(layers.network["widths"]) + 1):
        for number in range(1, layers.network["blocks"] + 1):
            stride = 2 if stage > 1 and number == 1 else 1
            x = _residual_block(layers, x, f"stage{stage}_block{number}", stride)
        x = layers.level_dropout(x, f"stage{stage}_dropout", stage)
    return layers.dense(x.mean((1, 2)), "logits")


def _residual_block(layers: Layers, given: np.ndarray, name: str, stride: int) -> np.ndarray:
    x = layers.block(given, f"{name}_conv1", stride=stride)
    x = layers.normalized(layers.conv(x, f"{name}_conv2"), f"{name}_conv2")
    if given.shape != x.shape:
        projected = layers.conv(given, f"{name}_shortcut", stride=stride)
        given = layers.normalized(projected, f"{name}_shortcut")
    summed = layers.activated(given + x, f"{name}_conv2")
    return layers.dropout_after_each(summed, f"{name}_conv2")


ARCHITECTURES = {
    "unet": unet,
    "vnet": vnet,
    "fcn": fcn,
    "residual-unet": residual_unet,
    "lenet": lenet,
    "resnet": resnet,
}


def latent(layers: Layers, features: np.ndarray, settings: dict) -> np.ndarray:
    """A code drawn from what an encoder makes of the features, decoded beside them (Sagar 2020)."""
    mean, raw = np.split(features, 2, -1)
    moments = x = np.concatenate([mean, softplus(raw)], -1)
    has_space = x.ndim > 2
    for number in range(1, len(settings["encoder_widths"]) + 1):
        x = _transform(layers, x, f"code_encoder{number}", stride=2)
    x = x.mean(tuple(range(1, x.ndim - 1))) if has_space else x
    code = _code(layers, layers.dense(x, "code_moments"))
    if has_space:
        code = code.reshape(len(code), *(1 for _ in moments.shape[1:-1]), -1)
        code = np.broadcast_to(code, (*moments.shape[:-1], code.shape[-1]))
    x = np.concatenate([code, moments], -1)
    for number in range(1, len(settings["decoder_widths"]) + 1):
        x = _transform(layers, x, f"code_decoder{number}")
    return layers.conv(x, "latent_logits") if has_space else layers.dense(x, "latent_logits")


def _transform(layers: Layers, x: np.ndarray, name: str, stride: int = 1) -> np.ndarray:
    if x.ndim > 2:
        return layers.block(x, name, stride=stride)
    return layers.activated(layers.dense(x, name), name)


def _code(layers: Layers, moments: np.ndarray) -> np.ndarray:
    mean, raw = np.split(moments, 2, -1)
    if "code" not in layers.draw.sources:
        return mean
    width = softplus(raw + layers.weights["code/untransformed_scale"])
    return mean + width * layers.draw.layer_noise("code", (1, mean.shape[-1]))


def outputs(
    config: dict,
    weights: Weights,
    draw: Draw,
    x: np.ndarray,
    corner: Corner | None = None,
) -> np.ndarray:
    """A network's outputs for ``x [N, *patch, C]``, which begins at a corner of its volume, by
    default at its first voxel."""
    layers = _layers(config, weights, draw, corner or (0,) * (x.ndim - 2))
    found = ARCHITECTURES[config["network"]["name"]](layers, x)
    if config["method"] == "latent-vi":
        return latent(layers, found, config["latent"])
    if config["method"] == "probabilistic-unet":
        return probabilistic(layers, x, found, config["probabilistic"])
    if config["method"] == "stochastic-segmentation":
        return stochastic(layers, found, config["stochastic"])
    return found


def _layers(config: dict, weights: Weights, draw: Draw, corner: Corner) -> Layers:
    """Variational networks have no dropout."""
    return Layers(weights, config["network"], draw, config["method"] not in VARIATIONAL, corner)


def span_of_windows(config: dict, weights: Weights, draw: Draw, channels: int) -> Corner:
    """Windows begin at multiples of this: at whole elements of every map that drops elements one by
    one."""
    patch = config["network"]["patch_size"]
    layers = _layers(config, weights, draw, (0,) * len(patch))
    ARCHITECTURES[config["network"]["name"]](layers, np.zeros((1, *patch, channels)))
    spans = [(1,) * len(patch), *layers.spans]
    return tuple(math.lcm(*along) for along in zip(*spans, strict=True))


def class_probabilities(
    config: dict,
    draw: Draw,
    logits: np.ndarray,
    corner: Corner | None = None,
) -> np.ndarray:
    """Outputs as probabilities of all classes, ``[N, *S, K]``.

    A heteroscedastic network puts out means and, by softplus, standard deviations of logits: the
    probabilities are the mean over noisy logits (Kendall & Gal 2017, eq. 12).
    """
    if not config["network"]["heteroscedastic"]:
        return _probabilities(logits)
    mean, raw = np.split(logits, 2, -1)
    place = corner or (0,) * (mean.ndim - 2)
    noise = draw.logit_noise(config["network"]["noise_draws"], mean.shape[1:], place)
    return _probabilities(mean + softplus(raw) * noise[:, None]).mean(0)


def _probabilities(logits: np.ndarray) -> np.ndarray:
    if logits.shape[-1] > 1:
        return softmax(logits, -1)
    return np.concatenate([expit(-logits), expit(logits)], -1)


def heatmaps(config: dict, found: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Outputs ``[N, rows, columns, L]`` as heatmaps, and the logarithms of variances (pixels²)
    beside them.

    Trained by cross-entropy, a heatmap is a distribution over pixels.
    """
    log_variance = None
    if config["network"]["heteroscedastic"]:
        found, raw = np.split(found, 2, -1)
        log_variance = np.clip(raw, -10, 20)
    if config["training"]["loss"]["name"] == "heatmap-cross-entropy":
        flat = found.reshape(len(found), -1, found.shape[-1])
        found = np.exp(log_softmax(flat, 1)).reshape(found.shape)
    return found, log_variance
