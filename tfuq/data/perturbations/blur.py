"""Gaussian blur."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tfuq.data.perturbations.base import Subject, perturbation


@perturbation("blur", "the Gaussian's standard deviation in voxels of the network's grid", high=100)
def blur(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Alike along every axis that has more than one voxel; edges repeat."""
    sigma = (severity, severity, severity, 0)
    blurred = ndimage.gaussian_filter(subject.image.array, sigma, mode="nearest")
    return subject.with_values(blurred)
