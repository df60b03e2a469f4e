"""A data set of discs that three raters draw ever larger."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.conftest import settings
from tfuq.config import Config

RATERS = ("rater-01", "rater-02", "rater-03")
SHAPE = (20, 18)
_RADII = (4.0, 5.0, 7.0)


def write_rater_discs(root: Path) -> Path:
    """Four images of a disc, and the label of each rater."""
    rng = np.random.default_rng(3)
    for folder in ("image", *RATERS):
        (root / folder).mkdir(parents=True)
    for k in range(4):
        distance = np.hypot(*(np.indices(SHAPE) - rng.uniform(8, 10, (2, 1, 1))))
        picture = 180 * (distance < 5) + rng.integers(0, 60, SHAPE)
        Image.fromarray(picture.astype(np.uint8)).save(root / f"image/d{k}.png")
        for rater, radius in zip(RATERS, _RADII, strict=True):
            disc = (distance < radius + 0.2 * k).astype(np.uint8)
            Image.fromarray(disc).save(root / rater / f"d{k}.png")
    return root


def by_raters(root: Path, **data) -> Config:
    """A configuration of the discs; ``data`` are changes of its section."""
    section = {
        "layout": "folder",
        "rater_folders": "rater-*",
        "label_values": {0: 0, 1: 1},
        "split": {"train": 2, "validation": 1, "test": 1},
    }
    return settings(root, rank=2, data=section | data)
