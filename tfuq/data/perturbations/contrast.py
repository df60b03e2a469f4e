"""Brightness and contrast: gamma, gain, and contrast about the mean."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation
from tfuq.data.perturbations.intensities import above_floor


def rescale(image: np.ndarray, gain: float, offset: float) -> np.ndarray:
    """An image of any shape times ``gain`` plus ``offset``."""
    return image * np.float32(gain) + np.float32(offset)


@perturbation(
    "contrast",
    "the logarithm of gamma: above 0 darker, below brighter",
    low=-3,
    high=3,
    axis="logarithm of gamma",
)
def contrast(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Each channel keeps its smallest and its largest value."""
    signal, floor = above_floor(subject.image.array)
    top = signal.max((0, 1, 2), keepdims=True)
    top = np.where(top > 0, top, 1)
    gamma = np.exp(severity)
    return subject.with_values((signal / top) ** gamma * top + floor)


@perturbation(
    "inverted-contrast",
    "the logarithm of the inverted image's gamma: above 0 brighter, below darker",
    low=-3,
    high=3,
    axis="logarithm of the inverted image's gamma",
)
def inverted_contrast(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """As contrast, which changes dark values most; this changes bright ones most."""
    inverted = contrast(subject.with_values(-subject.image.array), severity, rng)
    return subject.with_values(-inverted.image.array)


@perturbation(
    "gain",
    "how much larger values get, relative to what they are (0.25: 1.25 times as large)",
    low=-0.9,
    high=9,
    axis="growth of values (share)",
)
def gain(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Zero stays zero: of a z-scored image, its mean."""
    return subject.with_values(rescale(subject.image.array, 1 + severity, 0.0))


@perturbation(
    "mean-contrast",
    "how much farther values get from the mean, relative to what they are (0.25: 1.25 times)",
    low=-0.9,
    high=9,
    axis="growth of distances from the mean (share)",
)
def mean_contrast(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Each channel keeps its mean before values beyond its smallest and its largest are cut off."""
    array = subject.image.array
    mean = array.mean((0, 1, 2), keepdims=True)
    low = array.min((0, 1, 2), keepdims=True)
    high = array.max((0, 1, 2), keepdims=True)
    stretched = rescale(array - mean, 1 + severity, 0.0) + mean
    return subject.with_values(np.clip(stretched, low, high))
