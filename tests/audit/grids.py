"""Where a value lies: on the scan, on the network's grid, in the windows that a network sees."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tests.audit.forward import resize
from tests.audit.sampling import Corner


@dataclass(frozen=True)
class Grid:
    """The network's grid of one scan: the scan resampled to ``size``, then padded evenly to
    ``padded``."""

    scan: tuple[int, int, int]
    size: tuple[int, int, int]
    padded: tuple[int, int, int]

    @property
    def is_resampled(self) -> bool:
        """Whether values have to be interpolated on their way."""
        return self.scan != self.size

    @property
    def own(self) -> tuple[slice, slice, slice]:
        """The scan's part of the padded grid."""
        starts = [(most - size) // 2 for most, size in zip(self.padded, self.size, strict=True)]
        return tuple(slice(start, start + n) for start, n in zip(starts, self.size, strict=True))

    @property
    def stretch(self) -> np.ndarray:
        """Size of the network's voxels in voxels of the scan, along each axis."""
        return np.array(self.scan) / np.array(self.size)

    def padded_with(self, array: np.ndarray, fill: float | np.ndarray = 0.0) -> np.ndarray:
        """An array of the scan's own part on the padded grid."""
        whole = np.empty((*self.padded, *array.shape[3:]))
        whole[...] = fill
        whole[self.own] = array
        return whole


def grid_of(config: dict, scan: tuple[int, int, int], spacing: np.ndarray) -> Grid:
    """The network's grid of a scan of so many voxels of so many mm."""
    steps = config["preprocessing"]
    patch = config["network"]["patch_size"]
    size = scan
    if steps["spacing"]:
        size = np.maximum(np.rint(np.array(scan) * spacing / np.array(steps["spacing"])), 1)
    elif steps["size"]:
        size = steps["size"]
    elif config["task"] != "segmentation":
        size = (*patch, 1)
    axis = 2 if config["task"] != "segmentation" else steps["slice_axis"]
    least = patch if axis is None else np.insert(patch, axis, size[axis])
    padded = np.maximum(size, least)
    return Grid(scan, tuple(map(int, size)), tuple(map(int, padded)))


def network_input(
    config: dict,
    image: np.ndarray,
    grid: Grid,
    statistics: dict | None,
) -> np.ndarray:
    """A scan ``[X, Y, Z, C]`` as the network takes it: resampled, clipped, z-scored, padded with
    zeros."""
    steps = config["preprocessing"]
    x = image.astype(np.float64)
    if steps["anti_aliasing"]:
        # Blurred along axes that lose voxels, by half of what a voxel grows.
        sigma = [*(np.maximum(grid.stretch - 1, 0) / 2), 0]
        x = ndimage.gaussian_filter(x, sigma, mode="nearest")
    x = resize(x, grid.size, 0)
    if steps["window"]:
        x = np.clip(x, *steps["window"])
    if steps["normalization"] == "zscore":
        x = (x - x.mean((0, 1, 2))) / x.std((0, 1, 2))
    elif steps["normalization"] == "zscore-training":
        x = (x - np.array(statistics["mean"])) / np.array(statistics["std"])
    return grid.padded_with(x)


def onto_scan(array: np.ndarray, grid: Grid, *, nearest: bool = False) -> np.ndarray:
    """Values of the scan's own voxels on the network's grid ``[*size, …]``, brought to the scan's
    voxels."""
    if not nearest:
        return resize(array, grid.scan, 0)
    for axis, (source, target) in enumerate(zip(grid.size, grid.scan, strict=True)):
        places = np.floor((np.arange(target) + 0.5) * source / target).astype(int)
        array = np.take(array, places, axis)
    return array


def examples_of(array: np.ndarray, slice_axis: int | None) -> np.ndarray:
    """``[X, Y, Z, …]`` as the examples that a network sees: its slices, or itself."""
    return array[None] if slice_axis is None else np.moveaxis(array, slice_axis, 0)


def volume_of(examples: np.ndarray, slice_axis: int | None) -> np.ndarray:
    """The inverse of `examples_of`."""
    return examples[0] if slice_axis is None else np.moveaxis(examples, 0, slice_axis)


def corners_of(shape: Corner, patch: Corner, overlap: float, span: Corner) -> Iterator[Corner]:
    """First voxels of the windows, multiples of ``span``: evenly spread, no farther apart than the
    overlap asks for."""
    along = []
    for size, window, step in zip(shape, patch, span, strict=True):
        room = -(-(size - window) // step)
        stride = max(int(window * (1 - overlap)) // step, 1)
        count = -(-room // stride) + 1
        apart = np.float32(room) / np.float32(max(count - 1, 1))
        along.append([int(np.rint(np.float32(n) * apart)) * step for n in range(count)])
    return itertools.product(*along)


def window_weights(patch: tuple[int, ...]) -> np.ndarray:
    """A Gaussian of an eighth of the patch, 1 at its highest, never below 0.001."""
    weights = np.ones(())
    for size in patch:
        profile = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / (size / 8)) ** 2)
        weights = weights[..., None] * profile / profile.max()
    return np.maximum(weights, 1e-3)


def blended(
    x: np.ndarray,
    patch: Corner,
    overlap: float,
    sample: Callable[[np.ndarray, Corner], np.ndarray],
    span: Corner,
) -> np.ndarray:
    """One sample of ``x [N, *S, C]`` from what ``sample`` makes of its windows ``[N, *patch, C]``.

    Where the last window reaches beyond ``x``, it sees the mirror image.
    """
    shape = x.shape[1:-1]
    beyond = [(0, (n - size) % step) for size, n, step in zip(shape, patch, span, strict=True)]
    x = np.pad(x, [(0, 0), *beyond, (0, 0)], mode="symmetric")
    total = 0.0
    weights = np.zeros(x.shape[1:-1])
    importance = window_weights(patch)
    for corner in corners_of(shape, patch, overlap, span):
        inside = tuple(slice(start, start + n) for start, n in zip(corner, patch, strict=True))
        p = sample(x[(slice(None), *inside)], corner)
        placed = np.zeros((*x.shape[:-1], p.shape[-1]))
        placed[(slice(None), *inside)] = p * importance[..., None]
        total = total + placed
        weights[inside] += importance
    own = tuple(slice(n) for n in shape)
    return (total / weights[..., None])[(slice(None), *own)]
