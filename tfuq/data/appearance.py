"""What images look like to a scanner: voxel sizes, field of view and intensities.

A run notes this of its training images, so that a review can say which input is unlike them.
Directions of axes are no part of it: scans are brought to the orientation of the training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from tfuq.config import Config
from tfuq.data.cases import Case, read_case_image
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.spread import evenly
from tfuq.data.volume import Volume

if TYPE_CHECKING:
    import nibabel
else:
    nibabel = ModuleOnUse("nibabel")

MOST_CASES = 32  # that are looked at
QUANTILES = (0.01, 0.5, 0.99)  # of the intensities of a channel
_MOST_VOXELS = 200_000  # that quantiles are taken of
_SPACING_FACTOR = 1.25  # beyond the range of the training images
_EXTENT_FACTOR = 1.5
_LEAST_RANGE = 0.25  # of intensities, as a share of all that the training images have
_AXES = ("left–right", "back–front", "bottom–top")

Number = Annotated[float, Field(ge=-1e30, le=1e30)]
Range = tuple[Number, Number]  # the least and the largest


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """An image, its axes in the order of RAS.

    Attributes:
        spacing: sizes of a voxel, ``[3]``, in mm or pixels.
        extent: of the field of view, ``[3]``, in the same.
        intensities: quantiles of each channel, ``[C, Q]``, flat.
    """

    spacing: tuple[float, ...]
    extent: tuple[float, ...]
    intensities: tuple[float, ...]


@dataclass(kw_only=True)
class TrainingAppearance:
    """The ranges of what training images looked like.

    Attributes:
        cases: how many were looked at.
        spacing: of each axis.
        extent: of each axis.
        intensities: of each channel's quantiles; of standard deviations from the image's mean where
            every image is standardized for the network.
    """

    cases: Annotated[int, Field(ge=1)]
    spacing: list[Range]
    extent: list[Range]
    intensities: list[Range]

    def differences(self, image: Appearance) -> list[str]:
        """In what an image is unlike the training images, in words."""
        return [*self.differences_of_size(image), *self._intensities(image.intensities)]

    def differences_of_size(self, image: Appearance) -> list[str]:
        """In what voxels and field of view of an image are unlike those of the training images."""
        return [
            *_sizes("voxel size", self.spacing, image.spacing, _SPACING_FACTOR),
            *_sizes("field of view", self.extent, image.extent, _EXTENT_FACTOR),
        ]

    @property
    def spacing_limits(self) -> list[Range]:
        """The voxel sizes that are like those of the training images, by axis."""
        return [_widened(each, _SPACING_FACTOR) for each in self.spacing]

    @property
    def extent_limits(self) -> list[Range]:
        """The fields of view that are like those of the training images, by axis."""
        return [_widened(each, _EXTENT_FACTOR) for each in self.extent]

    def _intensities(self, found: Sequence[float]) -> Iterator[str]:
        if len(found) != len(self.intensities):
            return
        lowest = min(low for low, _ in self.intensities)
        highest = max(high for _, high in self.intensities)
        least = _LEAST_RANGE * (highest - lowest)
        for number, (value, (low, high)) in enumerate(zip(found, self.intensities, strict=True)):
            room = max(high - low, least)
            if not low - room <= value <= high + room:
                channel, quantile = divmod(number, len(QUANTILES))
                yield (
                    f"{QUANTILES[quantile]:.0%} quantile of intensity {value:.3g} in channel "
                    f"{channel} (training {low:.3g} to {high:.3g})"
                )


def _sizes(
    noun: str,
    ranges: Sequence[Range],
    found: Sequence[float],
    factor: float,
) -> Iterator[str]:
    for axis, value, (low, high) in zip(_AXES, found, ranges, strict=True):
        least, most = _widened((low, high), factor)
        if not least <= value <= most:
            yield f"{noun} {value:.3g} along {axis} (training {low:.3g} to {high:.3g})"


def _widened(range_: Range, factor: float) -> Range:
    low, high = range_
    return low / factor, high * factor


def appearance_of(config: Config, image: Volume) -> Appearance:
    """What an image looks like.

    Args:
        config: says how intensities reach the network.
        image: as given, ``[X, Y, Z, C]``.
    """
    axes = nibabel.orientations.io_orientation(image.affine)[:, 0].astype(int)
    order = np.argsort(axes)
    spacing = np.asarray(image.spacing, float)
    extent = spacing * np.array(image.shape)
    is_standardized = config.preprocessing.normalization == "zscore"
    return Appearance(
        spacing=tuple(spacing[order].tolist()),
        extent=tuple(extent[order].tolist()),
        intensities=tuple(_quantiles(image.array, is_standardized=is_standardized)),
    )


def _quantiles(array: np.ndarray, *, is_standardized: bool) -> Iterator[float]:
    by_voxel = array.reshape(-1, array.shape[-1])
    step = max(1, len(by_voxel) // _MOST_VOXELS)
    for values in by_voxel[::step].T.astype(float):
        if is_standardized:
            values = (values - values.mean()) / max(values.std(), 1e-12)
        yield from np.quantile(values, QUANTILES).tolist()


def training_appearance(config: Config, cases: Sequence[Case]) -> TrainingAppearance | None:
    """The ranges of up to `MOST_CASES` training images, evenly spaced; None without a case."""
    if not cases:
        return None
    images = []
    for case in evenly(cases, MOST_CASES):
        images.append(appearance_of(config, read_case_image(case)))
    return TrainingAppearance(
        cases=len(images),
        spacing=_ranges([image.spacing for image in images]),
        extent=_ranges([image.extent for image in images]),
        intensities=_ranges([image.intensities for image in images]),
    )


def _ranges(rows: Sequence[Sequence[float]]) -> list[Range]:
    columns = np.array(rows, float).T
    return [(float(column.min()), float(column.max())) for column in columns]
