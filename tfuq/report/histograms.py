"""Histograms of maps of uncertainty over voxels."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from tfuq.report.slices import map_scale

BINS = 40
_BLOCK = 2**20  # voxels that are counted at once


def edges_of(name: str, classes: int) -> np.ndarray:
    """The edges of a map's bins, from 0 to the largest value that it can have.

    Args:
        name: Of the map.
        classes: The number of classes.
    """
    _, top = map_scale(name, classes)
    return np.linspace(0, top, BINS + 1)


def count_pair(
    values: np.ndarray, is_known: np.ndarray, is_wrong: np.ndarray, top: float
) -> np.ndarray:
    """Counts ``[2, bins]`` of the correct and of the wrong voxels, gone through part by part.

    Args:
        values: Of a map ``[n]``.
        is_known: Whether the reference is known ``[n]``.
        is_wrong: Whether it is known and the prediction another ``[n]``.
        top: The largest value that the map can have.
    """
    pair = np.zeros((2, BINS), int)
    for start in range(0, len(values), _BLOCK):
        place = slice(start, start + _BLOCK)
        clipped = np.clip(values[place], 0, top)
        of_block = (is_known[place] & ~is_wrong[place], is_wrong[place])
        for counts, chosen in zip(pair, of_block, strict=True):
            counts += np.histogram(clipped[chosen], BINS, (0, top))[0]
    return pair


def plot_density(
    axes: Axes, counts: np.ndarray, edges: np.ndarray, colour: str, title: str
) -> None:
    """Plot a histogram as a density, with the number of voxels in the legend.

    Args:
        axes: Where.
        counts: Of the voxels in each bin.
        edges: Of the bins.
        colour: Of the line.
        title: What the voxels are.
    """
    density = counts / max(counts.sum(), 1) / (edges[1] - edges[0])
    axes.stairs(density, edges, color=colour, label=f"{title} ({counts.sum():,} voxels)")
