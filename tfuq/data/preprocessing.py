"""From a case's own grid to the network's. Every step is a function of a `Volume` that keeps its affine right, so the way
back is one function for all of them: `tfuq.data.volume.onto_grid`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.config import PreprocessingConfig
from tfuq.data.budget import require_memory
from tfuq.data.volume import Volume, resample, take
from tfuq.errors import DataError

Box = tuple[slice, ...]
PADDING = 255  # in a reference on the network's grid: a voxel that is no part of the scan. Classes are 0 to 254.


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


def crop_to_mask(volume: Volume, mask: Volume, margin: int) -> Volume:
    """The box around what is above 0 in ``mask``, which is not empty, widened by ``margin`` voxels within the volume."""
    inside = np.argwhere(mask.array > 0)
    start = np.maximum(inside.min(0) - margin, 0)
    end = np.minimum(inside.max(0) + 1 + margin, volume.shape)
    return take(volume, start, tuple(end - start))


def set_outside(volume: Volume, mask: Volume, value: float) -> Volume:
    """``value`` where ``mask``, on the same grid, is 0."""
    return volume.with_array(np.where(mask.array[..., None] > 0, volume.array, np.float32(value)))


def to_spacing(volume: Volume, spacing: list[float], *, nearest: bool = False, smooth: bool = False) -> Volume:
    """Resampled to about ``spacing``, in the unit of the affine: the nearest that divides the field of view into whole voxels."""
    shape = np.maximum(np.rint(np.array(volume.shape) * volume.spacing / np.array(spacing)), 1)
    require_memory(shape, 4)
    shape = shape.astype(int)
    return resample(volume, tuple(shape), nearest=nearest, smooth=smooth)


def pad_to(volume: Volume, shape: tuple[int, ...], fill: int = 0) -> Volume:
    """Padded evenly with ``fill`` to at least ``shape``; `box_in_padding` says where the volume then is."""
    target = _at_least(volume.shape, shape)
    require_memory(target, volume.array.itemsize)
    start = np.array([-side.start for side in box_in_padding(volume.shape, target)])
    return take(volume, start, target, fill)


def _at_least(shape: Sequence[int], least: Sequence[int]) -> tuple[int, ...]:
    return tuple(max(sizes) for sizes in zip(shape, least, strict=True))


def box_in_padding(shape: Sequence[int], padded: Sequence[int]) -> Box:
    """Where an array of ``shape`` lies in the one of shape ``padded`` that even padding made of it."""
    starts = [(int(large) - int(small)) // 2 for small, large in zip(shape, padded, strict=True)]
    return tuple(slice(start, start + int(size)) for start, size in zip(starts, shape, strict=True))


@dataclass(frozen=True)
class Preprocessor:
    """The configured steps: geometry first, so that image and label share it, then intensities.

    ``mask`` is what `tfuq.data.cases.read_mask` makes of the case: None where the configuration asks for none.
    """

    config: PreprocessingConfig
    patch_size: tuple[int, ...]
    statistics: Statistics | None = None

    def image(self, image: Volume, mask: Volume | None = None) -> Volume:
        """The network's input ``[X, Y, Z, C]``, float32."""
        return self.padded(self.unpadded_image(image, mask))

    def unpadded_image(self, image: Volume, mask: Volume | None = None) -> Volume:
        """The part of the network's input that the scan fills."""
        volume = self.intensities(image, mask)
        if self.config.normalization == "none":
            return volume
        return zscore(volume, self.statistics if self.config.normalization == "zscore-training" else None)

    def label(self, label: Volume, mask: Volume | None = None) -> Volume:
        """The reference on the network's grid, `PADDING` about the scan."""
        unpadded = self.unpadded_label(label, mask)
        return pad_to(unpadded, self._least_shape(unpadded), PADDING)

    def unpadded_label(self, label: Volume, mask: Volume | None = None) -> Volume:
        """The reference on the part of the network's grid that the scan fills."""
        return self._resampled(label, mask, nearest=True)

    def padded(self, volume: Volume) -> Volume:
        """With zeros about it, where the network takes no less."""
        return pad_to(volume, self._least_shape(volume))

    def padded_shape(self, volume: Volume) -> tuple[int, ...]:
        """The shape of what `padded` makes of a volume."""
        return _at_least(volume.shape, self._least_shape(volume))

    def intensities(self, image: Volume, mask: Volume | None = None) -> Volume:
        """Everything that comes before normalization."""
        volume = self._resampled(image, mask)
        volume = window(volume, *self.config.window) if self.config.window else volume
        if mask is None or self.config.outside_labels is None:
            return volume
        return set_outside(volume, self._resampled(mask, mask, nearest=True), self.config.outside_labels)

    def _resampled(self, volume: Volume, mask: Volume | None, *, nearest: bool = False) -> Volume:
        volume = volume if mask is None else crop_to_mask(volume, mask, self.config.crop_margin)
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
