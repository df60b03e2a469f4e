"""What networks that sample labels put out, written out in plain operations: Kohl et al. 2018 and Monteiro et al. 2020."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

_LEAST_WIDTH = 1e-3  # of a code
_RAW_OF_ONE = np.log(np.expm1(1.0))  # whose softplus is 1


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


def probabilistic(
    layers: Any, image: np.ndarray, features: np.ndarray, settings: dict
) -> np.ndarray:
    """A code of the prior, which sees the image, mixed with the features at every pixel."""
    plain = replace(
        layers, network={**layers.network, "normalization": "none", "dropout_after_each": 0.0}
    )
    widths = settings["encoder_widths"] or layers.network["widths"]
    x = image
    for level in range(1, len(widths) + 1):
        x = plain.block(x, f"prior{level}_conv1", stride=1 if level == 1 else 2)
        x = plain.block(x, f"prior{level}_conv2")
    moments = layers.dense(x.mean(tuple(range(1, x.ndim - 1))), "prior_moments")
    code, raw = np.split(moments, 2, -1)
    if "code" in layers.draw.sources:
        width = _softplus(raw + _RAW_OF_ONE) + _LEAST_WIDTH
        code = code + width * layers.draw.layer_noise("code", (1, code.shape[-1]))
    code = code.reshape(len(code), *(1 for _ in features.shape[1:-1]), -1)
    everywhere = np.broadcast_to(code, (*features.shape[:-1], code.shape[-1]))
    x = np.concatenate([features, everywhere], -1)
    for number in range(1, len(settings["decoder_widths"]) + 1):
        x = plain.block(x, f"code_decoder{number}")
    return layers.conv(x, "code_logits")


def stochastic(layers: Any, found: np.ndarray, settings: dict) -> np.ndarray:
    """Logits of mean, width and factor: their own noise by place, that of the factor for all."""
    rank = settings["rank"]
    count = found.shape[-1] // (2 + rank)
    mean = found[..., :count]
    if "logits" not in layers.draw.sources:
        return mean
    width = _softplus(found[..., count : 2 * count])
    factor = found[..., 2 * count :].reshape(*found.shape[:-1], count, rank)
    own = layers.draw.own_noise(mean.shape[1:], layers.corner)
    common = layers.draw.layer_noise("noise of the factor", (rank,))
    return mean + width * own + factor @ common / np.sqrt(rank)
