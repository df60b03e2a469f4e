"""Contrast: gamma of the whole range, and the gain and offset that training draws."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation
from tfuq.data.perturbations.intensities import above_floor


def rescale(image: np.ndarray, gain: float, offset: float) -> np.ndarray:
    """An image of any shape times ``gain`` plus ``offset``."""
    return image * np.float32(gain) + np.float32(offset)


@perturbation("contrast", "the logarithm of gamma: above 0 darker, below brighter", low=-3, high=3)
def contrast(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Each channel keeps its smallest and its largest value."""
    signal, floor = above_floor(subject.image.array)
    top = signal.max((0, 1, 2), keepdims=True)
    top = np.where(top > 0, top, 1)
    gamma = np.exp(severity)
    return subject.with_values((signal / top) ** gamma * top + floor)
