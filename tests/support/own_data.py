"""A data set of one's own: discs in two folders of pictures, and its configuration."""

from __future__ import annotations

import numpy as np
from PIL import Image

OWN = """
name: discs
method: mc-dropout
data: {layout: folder, label_folder: mask, root: ROOT, source: made here, licence: none, classes: [rest, disc],
       label_values: {0: 0, 255: 1}, split: {train: 4, validation: 1, test: 2}}
preprocessing: {slice_axis: 2, size: [16, 24, 1]}
network: {patch_size: [16, 24], widths: [4, 8], level_dropout: {2: 0.5}}
training: {steps_per_epoch: 1, epochs: 1}
prediction: {samples: 2}
"""


def write_discs(root, labels="mask", count=7):
    """PNG images of 20×30 pixels with a bright disc, and its mask of 0 and 255."""
    rng = np.random.default_rng(0)
    for index in range(count):
        rows, columns = np.indices((20, 30))
        disc = np.hypot(rows - rng.uniform(8, 12), columns - rng.uniform(10, 20)) < 5
        for folder, array in (
            ("image", disc * 100 + rng.integers(0, 50, disc.shape)),
            (labels, disc * 255),
        ):
            (root / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array.astype(np.uint8)).save(root / folder / f"disc-{index}.png")
    return root
