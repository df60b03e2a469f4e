"""Masks of the samples that a prediction has kept, on the grid of its label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tfuq.data.regridding import onto_grid
from tfuq.data.volume import Volume
from tfuq.measures.sample_masks import StoredSamples

_HALF = 0.5


def masks_on_grid(
    samples: StoredSamples, classes: Sequence[int], grid: Volume
) -> Iterator[np.ndarray]:
    """Every sample's mask of a structure, one after another, bool ``[X, Y, Z]``.

    Args:
        samples: on the network's grid.
        classes: of the structure.
        grid: a volume on the grid to bring them to.
    """
    for mask in samples.of_classes(classes).unpacked():
        shares = samples.grid.with_array(mask.astype(np.float32))
        yield onto_grid(shares, grid).array > _HALF
