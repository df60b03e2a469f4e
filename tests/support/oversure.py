"""Samples of networks that are too sure."""

import numpy as np


def sampled(seed, samples=3, n=60, classes=4, sharpness=3.0):
    """Samples ``[T, n, K]`` that are too sure of classes drawn from something flatter, and those classes."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, classes))
    y = (logits + rng.gumbel(size=(n, classes))).argmax(1)
    drawn = sharpness * (logits + 0.3 * rng.normal(size=(samples, n, classes)))
    p = np.exp(drawn)
    return p / p.sum(-1, keepdims=True), y
