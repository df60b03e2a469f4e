"""Smooth random label maps whose structures touch the border of the volume."""

import numpy as np

SHAPES = [(30, 26), (30, 26, 1), (1, 30, 26), (20, 16, 2), (20, 16, 5), (12, 11, 10)]


def blobs(shape, seed, classes=2):
    """A smooth random label map; its structures touch the border of the volume, on all of its axes but for chance."""
    noise = np.random.default_rng(seed).normal(size=shape)
    for axis in range(len(shape)):
        noise = sum(np.roll(noise, step, axis) for step in range(4))
    return np.digitize(noise, np.quantile(noise, np.arange(1, classes) / classes))
