"""Gaussian noise."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation


def add_noise(image: np.ndarray, std: float, rng: np.random.Generator) -> np.ndarray:
    """Add white Gaussian noise to an image.

    Args:
        image: An image of any shape.
        std: The noise's standard deviation in the image's units.
        rng: The source of randomness.
    """
    return image + rng.normal(0, std, image.shape).astype(np.float32)


@perturbation(
    "noise",
    "the noise's standard deviation in units of the preprocessed (z-scored) image",
    high=100,
    axis="standard deviation of the noise (z-score)",
)
def noise(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """The published noise has a severity of 0.5."""
    return subject.with_values(add_noise(subject.image.array, severity, rng))
