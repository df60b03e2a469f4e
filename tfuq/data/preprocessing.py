"""From a case's own grid to the network's. Every step is a function of a `Volume` that keeps its affine right, so the way
back is one function for all of them: `tfuq.data.volume.onto_grid`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfuq.config import PreprocessingConfig
from tfuq.data.volume import Volume, require_memory, resample, take
from tfuq.errors import DataError


@dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of each channel over the training set."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def window(volume: Volume, low: float, high: float) -> Volume:
    """Intensities clipped to ``[low, high]``."""
    return volume.with_array(np.clip(volume.array, low, high))


def zscore(volume: Volume, statistics: Statistics | None = None) -> Volume:
    """Each channel less its mean, over its standard deviation: the volume's own, or those of the training set."""
    statistics = statistics or channel_statistics([volume])
    if not all(0 < std < np.inf for std in statistics.std):
        raise DataError(
            "a channel is constant after preprocessing.window, or too large for numbers, so it cannot be z-scored; mend the window"
        )
    normalized = (volume.array - np.array(statistics.mean)) / np.array(statistics.std)
    return volume.with_array(normalized.astype(np.float32))


def channel_statistics(volumes) -> Statistics:
    """Mean and standard deviation of each channel over all voxels of ``volumes`` (any iterable, read once)."""
    count, total, squares = 0, 0.0, 0.0
    for volume in volumes:
        flat = volume.array.reshape(-1, volume.array.shape[-1]).astype(np.float64)
        if count and len(total) != flat.shape[-1]:
            raise DataError(f"cases of {len(total)} and of {flat.shape[-1]} channel(s) in one data set; all need the same")
        count, total, squares = count + len(flat), total + flat.sum(0), squares + (flat**2).sum(0)
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return Statistics(tuple(map(float, mean)), tuple(map(float, std)))


def crop_to_labels(volume: Volume, label: Volume, classes: list[int], margin: int) -> Volume:
    """The box around the voxels of ``label`` that are in ``classes``, widened by ``margin`` voxels within the volume."""
    inside = np.argwhere(np.isin(label.array, classes))
    if not len(inside):
        raise DataError(f"preprocessing.crop_to_labels: the label has no voxel of classes {classes}")
    start = np.maximum(inside.min(0) - margin, 0)
    end = np.minimum(inside.max(0) + 1 + margin, volume.shape)
    return take(volume, start, tuple(end - start))


def to_spacing(volume: Volume, spacing: list[float], *, nearest: bool = False, smooth: bool = False) -> Volume:
    """Resampled to about ``spacing`` mm: the nearest that divides the field of view into whole voxels."""
    shape = np.maximum(np.rint(np.array(volume.shape) * volume.spacing / np.array(spacing)), 1)
    require_memory(shape, 4)
    shape = shape.astype(int)
    return resample(volume, tuple(shape), nearest=nearest, smooth=smooth)


def pad_to(volume: Volume, shape: tuple[int, ...]) -> Volume:
    """Padded evenly with zeros to at least ``shape``."""
    target = np.maximum(volume.shape, shape)
    require_memory(target, volume.array.itemsize)
    return take(volume, -((target - volume.shape) // 2), tuple(target))


@dataclass(frozen=True)
class Preprocessor:
    """The configured steps: geometry first, so that image and label share it, then intensities."""

    config: PreprocessingConfig
    patch_size: tuple[int, ...]
    statistics: Statistics | None = None

    def image(self, image: Volume, label: Volume | None = None) -> Volume:
        """The network's input ``[X, Y, Z, C]``, float32. ``label`` is needed where the configuration crops to it."""
        volume = self.intensities(self.resampled(image, label))
        if self.config.normalization == "zscore":
            volume = zscore(volume)
        elif self.config.normalization == "zscore-training":
            volume = zscore(volume, self.statistics)
        return pad_to(volume, self._least_shape(volume))

    def label(self, label: Volume) -> Volume:
        """The reference on the network's grid."""
        volume = self.resampled(label, label, nearest=True)
        return pad_to(volume, self._least_shape(volume))

    def intensities(self, volume: Volume) -> Volume:
        """Everything that comes before normalization."""
        return window(volume, *self.config.window) if self.config.window else volume

    def resampled(self, volume: Volume, label: Volume | None, *, nearest: bool = False) -> Volume:
        """Cropped and resampled as configured."""
        if self.config.crop_to_labels:
            if label is None:
                raise DataError("preprocessing.crop_to_labels needs each case's label, but this case has none")
            volume = crop_to_labels(volume, label, self.config.crop_to_labels, self.config.crop_margin)
        how = {"nearest": nearest, "smooth": self.config.anti_aliasing and not nearest}
        if self.config.spacing:
            return to_spacing(volume, self.config.spacing, **how)
        return resample(volume, tuple(self.config.size), **how) if self.config.size else volume

    def _least_shape(self, volume: Volume) -> tuple[int, ...]:
        if self.config.slice_axis is None:
            return self.patch_size
        in_plane = iter(self.patch_size)
        return tuple(volume.shape[a] if a == self.config.slice_axis else next(in_plane) for a in range(3))


def to_examples(array: np.ndarray, slice_axis: int | None) -> np.ndarray:
    """``[X, Y, Z, …]`` as a batch: its slices along ``slice_axis``, or itself as a batch of one."""
    return array[None] if slice_axis is None else np.moveaxis(array, slice_axis, 0)


def from_examples(examples: np.ndarray, slice_axis: int | None) -> np.ndarray:
    """The inverse of `to_examples`."""
    return examples[0] if slice_axis is None else np.moveaxis(examples, 0, slice_axis)
