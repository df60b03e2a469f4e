"""An image of each task for a server."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from PIL import Image


def write_image(folder: Path, task: str) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32, 2), np.uint8)
    if task == "segmentation":
        nibabel.save(
            nibabel.Nifti1Image(pixels[:16, :16].astype(np.float32), np.eye(4)),
            folder / "scan.nii.gz",
        )
        return folder / "scan.nii.gz"
    Image.fromarray(pixels[..., 0]).save(folder / "image.png")
    return folder / "image.png"
