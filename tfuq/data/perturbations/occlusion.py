"""Occlusion: a box in which nothing is seen."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation


@perturbation("occlusion", "the share of the image that is covered", high=1)
def occlusion(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """The box has the image's proportions and each channel's smallest value; the seed places it."""
    size = np.array(subject.space)
    side = np.maximum(np.rint(size * severity ** (1 / len(size))), 1).astype(int)
    start = np.floor(rng.random(len(size)) * (size - side + 1)).astype(int)
    array = subject.image.array.copy()
    array[tuple(slice(a, b) for a, b in zip(start, start + side, strict=True))] = array.min((0, 1, 2))
    return subject.with_values(array)
