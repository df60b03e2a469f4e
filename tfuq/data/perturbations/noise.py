"""Gaussian noise."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation


def add_noise(image: np.ndarray, std: float, rng: np.random.Generator) -> np.ndarray:
    """The image with white Gaussian noise of a standard deviation in its own units."""
    return image + rng.normal(0, std, image.shape).astype(np.float32)


@perturbation("noise", "the noise's standard deviation in units of the preprocessed (z-scored) image", high=100)
def noise(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """The published noise has a severity of 0.5."""
    return subject.with_values(add_noise(subject.image.array, severity, rng))
