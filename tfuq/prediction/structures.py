"""The rows of ``structures.csv``: measures of each class, region and component of a volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tfuq.calibration.conformal import predicted_interval, volume_interval
from tfuq.config import Config
from tfuq.measures.resampled import RunningLabel
from tfuq.measures.structure import ClassMaps, ImageMaps, InBoxes, structure_rows
from tfuq.prediction.statistics import Row
from tfuq.prediction.voxel_channels import VoxelChannels


def rows_of_structures(
    config: Config,
    channels: VoxelChannels,
    voxel_volume: float,
    quantiles: Mapping[str, float],
) -> list[Row]:
    """Measure the structures of one case, one after another.

    Args:
        config: The configuration.
        channels: What its samples say.
        voxel_volume: In the unit of the voxels.
        quantiles: The conformal quantile of the volume by class; of a class that has one, the row
            has a conformal interval.
    """
    label = _label(config, channels)
    image = ImageMaps(
        predictive_entropy=channels.boxes("predictive_entropy"),
        mutual_information=channels.boxes("mutual_information"),
        voxel_volume=voxel_volume,
    )
    min_voxels = config.prediction.min_component_voxels
    rows = []
    for index, (name, classes) in enumerate(config.data.structures.items()):
        maps = ClassMaps(
            label=_mask_of(label, classes),
            masks=channels.masks(classes),
            entropy_term=_entropy_term(config, channels, index),
            image=image,
        )
        for measures in structure_rows(maps, min_component_voxels=min_voxels):
            row = {"class": name, **measures}
            rows.append(_with_interval(row, voxel_volume, quantiles.get(name)))
    return rows


def _mask_of(label: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Where a label map has one of some classes, bool ``[X, Y, Z]``."""
    mask: np.ndarray = label == classes[0]
    for k in classes[1:]:
        mask |= label == k
    return mask


def _label(config: Config, channels: VoxelChannels) -> np.ndarray:
    label = RunningLabel(channels.shape)
    for k in range(len(config.data.classes)):
        label.add(k, channels.channel("probability", k))
    return label.label


def _entropy_term(config: Config, channels: VoxelChannels, index: int) -> InBoxes:
    """−(1/T) Σ p log p of a structure ``[X, Y, Z]``, in nat.

    Args:
        config: The configuration.
        channels: What the samples say.
        index: Of the structure: classes but the background come first, and then regions.
    """
    foreground = len(config.data.classes) - 1
    if index < foreground:
        return channels.boxes("entropy_terms", index + 1)
    return channels.boxes("region_entropy_terms", index - foreground)


def _with_interval(row: Row, voxel_volume: float, quantile: float | None) -> Row:
    """The row of a whole class with its conformal volume interval, before the spread."""
    if quantile is None or row["component"] != "all":
        return row
    low, high = volume_interval(*predicted_interval(row), voxel_volume, quantile)
    head = {name: row[name] for name in ("class", "component", "volume_mm3")}
    interval = {
        "volume_conformal_lower_mm3": low,
        "volume_conformal_upper_mm3": high,
    }
    return head | interval | row
