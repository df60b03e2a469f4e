"""Occlusion: a box in which nothing is seen."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation


@perturbation(
    "occlusion",
    "the share of the image that is covered",
    high=1,
    axis="covered share of the image",
)
def occlusion(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """The box has the image's proportions and each channel's smallest value; the seed places it."""
    size = np.array(subject.space)
    rank = len(size)
    sides = np.rint(size * severity ** (1 / rank))
    side = np.maximum(sides, 1).astype(int)
    room = size - side + 1
    start = np.floor(rng.random(rank) * room).astype(int)
    box = tuple(map(slice, start, start + side))
    array = subject.image.array.copy()
    array[box] = array.min((0, 1, 2))
    return subject.with_values(array)
