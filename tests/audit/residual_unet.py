"""The residual U-Net, written out in plain operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tests.audit.forward import Layers


def average(x: np.ndarray, boxes: Sequence[int]) -> np.ndarray:
    """The mean over boxes along the spatial axes."""
    for axis, size in enumerate(boxes, start=1):
        shape = (*x.shape[:axis], x.shape[axis] // size, size, *x.shape[axis + 1 :])
        x = x.reshape(shape).mean(axis + 1)
    return x


def residual_unet(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Isensee et al. 2024: residual blocks on the way down, transposed convolutions up."""
    network = layers.network
    depth = len(network["widths"])
    rank = x.ndim - 2
    steps = network["strides"] or [[2] * rank] * (depth - 1)
    given = network["blocks"]
    counts = given if isinstance(given, list) else [given] * depth
    x = layers.block(x, "stem")
    skips = []
    for level in range(1, depth + 1):
        for number in range(1, counts[level - 1] + 1):
            goes_down = level > 1 and number == 1
            strides = steps[level - 2] if goes_down else [1] * rank
            x = _block_with_average(layers, x, f"encoder{level}_block{number}", strides)
        x = layers.level_dropout(x, f"encoder{level}_dropout", level)
        skips.append(x)
    for level in range(depth - 1, 0, -1):
        x = _transposed(layers, x, f"decoder{level}_up_conv", steps[level - 1])
        x = layers.dropout(x, f"decoder{level}_dropout", network["upsample_dropout"])
        x = layers.block(np.concatenate([skips[level - 1], x], -1), f"decoder{level}_conv")
    return layers.head(x)


def _block_with_average(
    layers: Layers, given: np.ndarray, name: str, strides: Sequence[int]
) -> np.ndarray:
    x = layers.block(given, f"{name}_conv1", stride=strides)
    x = layers.normalized(layers.conv(x, f"{name}_conv2"), f"{name}_conv2")
    given = average(given, strides)
    if given.shape[-1] != x.shape[-1]:
        given = layers.normalized(layers.conv(given, f"{name}_shortcut"), f"{name}_shortcut")
    summed = layers.activated(given + x, f"{name}_conv2")
    return layers.dropout_after_each(summed, f"{name}_conv2")


def _transposed(layers: Layers, x: np.ndarray, name: str, strides: Sequence[int]) -> np.ndarray:
    """Each element times a kernel of its own for each place that it becomes."""
    products = layers.conv(x, name)
    places = list(np.ndindex(*strides))
    channels = products.shape[-1] // len(places)
    size = [n * stride for n, stride in zip(x.shape[1:-1], strides, strict=True)]
    result = np.zeros((len(x), *size, channels))
    for number, place in enumerate(places):
        steps = zip(place, strides, strict=True)
        box = tuple(slice(start, None, stride) for start, stride in steps)
        part = products[..., number * channels : (number + 1) * channels]
        result[(slice(None), *box)] = part
    return result
