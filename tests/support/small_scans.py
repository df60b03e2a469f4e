"""Scans that are predicted in a moment."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np


def write_scans(folder: Path, count: int) -> Path:
    """Noisy balls of 8 to 12 voxels a side."""
    folder.mkdir()
    rng = np.random.default_rng(count)
    for number in range(count):
        shape = tuple(rng.integers(8, 13, 3))
        grid = np.stack(np.indices(shape), -1) - rng.uniform(3, 6, 3)
        image = (grid**2).sum(-1) < rng.uniform(4, 12)
        image = image + rng.normal(0, rng.uniform(0.05, 0.5), shape)
        path = folder / f"scan-{number:05}.nii"
        nibabel.save(nibabel.Nifti1Image(image.astype(np.float32), np.eye(4)), path)
    return folder
