"""Settings that tasks share."""

from __future__ import annotations

import math

import numpy as np

from tfuq.workflows.plan.fingerprint import Fingerprint
from tfuq.workflows.plan.geometry import Levels
from tfuq.workflows.plan.settings import Settings
from tfuq.workflows.plan.sizing import Size

_SAMPLES = 20
_DEEPEST_RATE = 0.3
_NEXT_RATE = 0.1
_DECODER_RATE = 0.2
_BLOCKS = 2


def picture_sides(fingerprint: Fingerprint, size: Size) -> np.ndarray:
    """The first and the second side of a picture that is made as small as a size asks, ``[2]``."""
    sides: np.ndarray = fingerprint.size[:2]
    return sides * min(1.0, math.sqrt(size.elements / sides.prod()))


def put_network(
    settings: Settings, size: Size, patch: list[int], levels: Levels, most_filters: int
) -> None:
    """The residual-encoder network of a size, with dropout of whole channels.

    Where maps are coarse and in the decoder: `tfuq study hippocampus_dropout` compares places.

    Args:
        settings: To be completed.
        size: The width.
        patch: What the network sees.
        levels: From fine to coarse.
        most_filters: Of any level.
    """
    widths = [min(size.width * 2**level, most_filters) for level in range(levels.count)]
    rank = len(patch)
    settings.put("network", "name", "residual-unet")
    settings.put("network", "patch_size", patch)
    settings.put("network", "widths", widths)
    settings.put("network", "blocks", [1, *[_BLOCKS] * (levels.count - 1)])
    if any(kernel != [3] * rank for kernel in levels.kernels):
        reason = "no wider along an axis whose voxels are twice as long"
        settings.put("network", "kernels", levels.kernels, reason)
    if any(stride != [2] * rank for stride in levels.strides):
        reason = "halved until voxels are alike and 4 are left"
        settings.put("network", "strides", levels.strides, reason)
    settings.put("network", "normalization", "instance")
    rates = {levels.count - 1: _NEXT_RATE, levels.count: _DEEPEST_RATE}
    settings.put("network", "level_dropout", rates, "of coarse maps, where it costs least")
    reason = "and of the decoder, without which samples hardly differ"
    settings.put("network", "upsample_dropout", _DECODER_RATE, reason)
    reason = "whole channels, as single elements average out"
    settings.put("network", "spatial_dropout", True, reason)


def put_optimization(settings: Settings, size: Size) -> None:
    """The optimizer and what keeps it steady."""
    settings.put("training", "batch_size", size.batch)
    settings.put("training", "learning_rate", 0.002)
    settings.put("training", "schedule", "polynomial")
    settings.put("training", "clip_norm", 12.0, "no single step goes far")
    settings.put("training", "ema", 0.999, "the mean of the last weights is steadier than the last")


def put_samples(settings: Settings) -> None:
    """How many samples are drawn."""
    reason = "a mean of 20 is off by 0.11 at most (one standard error); more are smoother"
    settings.put("prediction", "samples", _SAMPLES, reason)
