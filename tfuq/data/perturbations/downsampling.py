"""Down-sampling: coarser voxels, brought back onto the network's grid."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation
from tfuq.data.regridding import onto_grid, resample


@perturbation(
    "downsampling",
    "how much longer a voxel's sides get, relative to what they are (1: twice as long)",
    high=50,
    axis="growth of a voxel's sides (share)",
)
def downsampling(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Linear both ways, smoothed against aliasing; an axis keeps at least one voxel."""
    sizes = np.array(subject.image.shape) / (1 + severity)
    shape = np.maximum(np.rint(sizes), 1).astype(int)
    coarse = resample(subject.image, tuple(shape), smooth=True)
    restored = onto_grid(coarse, subject.image)
    return subject.with_values(restored.array)
