"""Rician noise: what Gaussian noise in both parts of a complex signal leaves of its magnitude.

References:
    Gudbjartsson, Patz 1995.
"""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation
from tfuq.data.perturbations.intensities import above_floor


@perturbation(
    "rician",
    "each part's noise as a standard deviation in units of the preprocessed (z-scored) image",
    high=100,
    axis="standard deviation of the noise (z-score)",
)
def rician(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Each channel's smallest value counts as no signal, where the noise only adds."""
    signal, floor = above_floor(subject.image.array)
    real, imaginary = rng.normal(0, severity, (2, *signal.shape))
    return subject.with_values(np.hypot(signal + real, imaginary) + floor)
