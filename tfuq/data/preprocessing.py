"""From a case's own grid to the network's.

Every step is a function of a `Volume` that keeps its affine right, so the way back is one function
for all of them: `tfuq.data.regridding.onto_grid`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.config import PreprocessingConfig
from tfuq.data.budget import require_memory
from tfuq.data.orientation import Turn
from tfuq.data.regridding import resample
from tfuq.data.volume import Volume, take, turned
from tfuq.errors import DataError

Box = tuple[slice, ...]
# In a reference: a voxel that counts for nothing, as it is no part of the scan (on the network's
# grid), or nothing is known of it (data.ignore_label). Classes are 0 to 254.
PADDING = 255
_VOXEL_BYTES = 4  # of float32


@dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of each channel over the training set.

    Attributes:
        mean: ``[C]``.
        std: ``[C]``.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]


def window(volume: Volume, low: float, high: float) -> Volume:
    """Clip intensities to ``[low, high]``."""
    return volume.with_array(np.clip(volume.array, low, high))


def zscore(volume: Volume, statistics: Statistics | None = None) -> Volume:
    """Subtract each channel's mean and divide by its standard deviation.

    Args:
        volume: The image.
        statistics: Those of the training set; None for the volume's own.

    Raises:
        DataError: A standard deviation is 0, or no number.
    """
    statistics = statistics or channel_statistics([volume])
    if not all(0 < std < np.inf for std in statistics.std):
        raise DataError(
            "a channel is constant after preprocessing.window, or too large for numbers, "
            "so it cannot be z-scored; mend the window"
        )
    normalized = volume.array - np.array(statistics.mean)
    normalized /= np.array(statistics.std)
    return volume.with_array(normalized.astype(np.float32))


def channel_statistics(volumes: Iterable[Volume]) -> Statistics:
    """Compute mean and standard deviation of each channel over all voxels.

    Args:
        volumes: Images ``[X, Y, Z, C]``; they are read once.

    Raises:
        DataError: Images of different numbers of channels.
    """
    count = 0
    channels = None  # of the volumes so far
    total: np.ndarray | float = 0.0
    squares: np.ndarray | float = 0.0
    for volume in volumes:
        flat = volume.array.reshape(-1, volume.array.shape[-1])
        voxels = flat.astype(np.float64)
        if channels not in (None, voxels.shape[-1]):
            raise DataError(
                f"cases of {channels} and of {voxels.shape[-1]} channel(s) in one data set; "
                "all need the same"
            )
        channels = voxels.shape[-1]
        count += len(voxels)
        total = total + voxels.sum(0)
        squares = squares + np.square(voxels, out=voxels).sum(0)
    mean = np.asarray(total / count)
    std = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return Statistics(tuple(map(float, mean)), tuple(map(float, std)))


def crop_to_mask(volume: Volume, mask: Volume, margin: int) -> Volume:
    """Crop to the box around a mask.

    Args:
        volume: The image or label.
        mask: On the same grid, above 0 somewhere.
        margin: Voxels by which the box is widened, within the volume.
    """
    inside = np.argwhere(mask.array > 0)
    first = inside.min(0) - margin
    last = inside.max(0) + margin
    start = np.maximum(first, 0)
    end = np.minimum(last + 1, volume.shape)
    return take(volume, start, tuple(end - start))


def set_outside(volume: Volume, mask: Volume, value: float) -> Volume:
    """Set voxels of an image where a mask on the same grid is 0."""
    is_inside = mask.array[..., None] > 0
    return volume.with_array(np.where(is_inside, volume.array, np.float32(value)))


def to_spacing(
    volume: Volume, spacing: list[float], *, nearest: bool = False, smooth: bool = False
) -> Volume:
    """Resample to about a spacing: the nearest that divides the field of view into whole voxels.

    Args:
        volume: The image or label.
        spacing: In the unit of the affine.
        nearest: As in `tfuq.data.regridding.resample`.
        smooth: As in `tfuq.data.regridding.resample`.
    """
    sizes = np.array(volume.shape) * volume.spacing / np.array(spacing)
    shape = np.maximum(np.rint(sizes), 1)
    require_memory(shape, _VOXEL_BYTES)
    return resample(volume, tuple(shape.astype(int)), nearest=nearest, smooth=smooth)


def pad_to(volume: Volume, shape: tuple[int, ...], fill: int = 0) -> Volume:
    """Pad evenly; `box_in_padding` says where the volume then is.

    Args:
        volume: The image or label.
        shape: The least shape of the result.
        fill: What the padding holds.
    """
    target = _at_least(volume.shape, shape)
    require_memory(target, volume.array.itemsize)
    start = np.array([-side.start for side in box_in_padding(volume.shape, target)])
    return take(volume, start, target, fill)


def _at_least(shape: Sequence[int], least: Sequence[int]) -> tuple[int, ...]:
    return tuple(max(sizes) for sizes in zip(shape, least, strict=True))


def box_in_padding(shape: Sequence[int], padded: Sequence[int]) -> Box:
    """Where an array lies in what even padding made of it.

    Args:
        shape: Of the array.
        padded: The shape of what padding made of it.
    """
    box = []
    for small, large in zip(shape, padded, strict=True):
        start = (int(large) - int(small)) // 2
        box.append(slice(start, start + int(small)))
    return tuple(box)


@dataclass(frozen=True)
class Preprocessor:
    """The configured steps: geometry first, so that image and label share it, then intensities.

    A ``mask`` is what `tfuq.data.cases.read_mask` makes of the case: None where the configuration
    asks for none.

    Attributes:
        config: The steps.
        patch_size: What the network takes.
        statistics: Intensities of the training set, if normalization needs them.
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
        if self.config.normalization == "zscore-training":
            return zscore(volume, self.statistics)
        return zscore(volume)

    def label(self, label: Volume, mask: Volume | None = None) -> Volume:
        """The reference on the network's grid, `PADDING` about the scan."""
        unpadded = self.unpadded_label(label, mask)
        return pad_to(unpadded, self._least_shape(unpadded), PADDING)

    def unpadded_label(self, label: Volume, mask: Volume | None = None) -> Volume:
        """The reference on the part of the network's grid that the scan fills."""
        return self._resampled(label, mask, nearest=True)

    def padded(self, volume: Volume) -> Volume:
        """The volume with zeros about it, where the network takes no less."""
        return pad_to(volume, self._least_shape(volume))

    def padded_shape(self, volume: Volume) -> tuple[int, ...]:
        """The shape of what `padded` makes of a volume."""
        return _at_least(volume.shape, self._least_shape(volume))

    def intensities(self, image: Volume, mask: Volume | None = None) -> Volume:
        """Everything that comes before normalization."""
        volume = self._resampled(image, mask)
        if self.config.window:
            volume = window(volume, *self.config.window)
        if mask is None or self.config.outside_labels is None:
            return volume
        on_grid = self._resampled(mask, mask, nearest=True)
        return set_outside(volume, on_grid, self.config.outside_labels)

    def _resampled(self, volume: Volume, mask: Volume | None, *, nearest: bool = False) -> Volume:
        volume = self.oriented(volume)
        if mask is not None:
            volume = crop_to_mask(volume, self.oriented(mask), self.config.crop_margin)
        smooth = self.config.anti_aliasing and not nearest
        if self.config.spacing:
            return to_spacing(volume, self.config.spacing, nearest=nearest, smooth=smooth)
        if self.config.size:
            x, y, z = self.config.size
            return resample(volume, (x, y, z), nearest=nearest, smooth=smooth)
        return volume

    def oriented(self, volume: Volume) -> Volume:
        """The volume, its axes turned to those of the network."""
        if self.config.orientation is None:
            return volume
        return turned(volume, Turn.to(volume.affine, self.config.orientation))

    def _least_shape(self, volume: Volume) -> tuple[int, ...]:
        """What the network takes at the least; any number of slices."""
        slice_axis = self.config.slice_axis
        if slice_axis is None:
            return self.patch_size
        shape = list(self.patch_size[:2])
        shape.insert(slice_axis, volume.shape[slice_axis])
        return tuple(shape)


def is_structure(labels: np.ndarray) -> np.ndarray:
    """Which voxels of labels are of another class than the first."""
    is_structure: np.ndarray = (labels > 0) & (labels != PADDING)
    return is_structure


def to_examples(array: np.ndarray, slice_axis: int | None) -> np.ndarray:
    """Make a batch of an array.

    Args:
        array: ``[X, Y, Z, …]``.
        slice_axis: The axis whose slices are the batch; None for a batch of the array alone.
    """
    if slice_axis is None:
        return array[None]
    return np.moveaxis(array, slice_axis, 0)


def from_examples(examples: np.ndarray, slice_axis: int | None) -> np.ndarray:
    """The inverse of `to_examples`."""
    if slice_axis is None:
        array: np.ndarray = examples[0]
        return array
    return np.moveaxis(examples, 0, slice_axis)
