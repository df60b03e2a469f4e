"""Gaussian blur."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse
from tfuq.data.perturbations.base import Subject, perturbation

if TYPE_CHECKING:
    from scipy import ndimage
else:
    ndimage = ModuleOnUse("scipy.ndimage")


@perturbation(
    "blur",
    "the Gaussian's standard deviation in voxels of the network's grid",
    high=100,
    axis="standard deviation of the blur (voxels)",
)
def blur(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Alike along every axis that has more than one voxel; edges repeat."""
    sigma = (severity, severity, severity, 0)
    blurred = ndimage.gaussian_filter(subject.image.array, sigma, mode="nearest")
    return subject.with_values(blurred)
