"""The rows of ``structures.csv``: measures of each class, region and component of a volume."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfuq.calibration.conformal import predicted_interval, volume_interval
from tfuq.config import Config
from tfuq.data.preprocessing import from_examples
from tfuq.measures.sample_masks import StoredSamples
from tfuq.measures.structure import ClassMaps, structure_rows
from tfuq.prediction.statistics import Row
from tfuq.tasks.records import VoxelStatistics, gathered


def rows_of_structures(
    config: Config,
    samples: StoredSamples,
    statistics: VoxelStatistics,
    quantiles: Mapping[str, float],
) -> list[Row]:
    """Measure the structures of one case.

    Args:
        config: The configuration.
        samples: Every sample's masks on the network's grid.
        statistics: Those of the samples, of examples without padding.
        quantiles: The conformal quantile of the volume by class; of a class that has one, the row
            has a conformal interval.
    """
    axis = samples.slice_axis
    label = from_examples(statistics.probability, axis).argmax(-1)
    predictive_entropy = from_examples(statistics.predictive_entropy, axis)
    mutual_information = from_examples(statistics.mutual_information, axis)
    entropy_terms = _entropy_terms(config, statistics, axis)
    structures = config.data.structures.items()
    min_voxels = config.prediction.min_component_voxels
    rows = []
    for (name, classes), entropy_term in zip(structures, entropy_terms, strict=True):
        maps = ClassMaps(
            label=np.isin(label, classes),
            masks=samples.of_classes(classes),
            entropy_term=entropy_term,
            predictive_entropy=predictive_entropy,
            mutual_information=mutual_information,
            voxel_volume=samples.grid.voxel_volume,
        )
        for measures in structure_rows(maps, min_component_voxels=min_voxels):
            row = {"class": name, **measures}
            rows.append(_with_interval(row, maps.voxel_volume, quantiles.get(name)))
    return rows


def _entropy_terms(
    config: Config, statistics: VoxelStatistics, slice_axis: int | None
) -> list[np.ndarray]:
    """−(1/T) Σ p log p of each structure ``[X, Y, Z]``, in nat."""
    of_classes = from_examples(statistics.entropy_terms, slice_axis)
    terms = [*np.moveaxis(of_classes, -1, 0)[1:]]
    if config.data.regions:
        by_region = gathered(statistics.region_entropy_terms, "region_entropy_terms")
        of_regions = from_examples(by_region, slice_axis)
        terms += [*np.moveaxis(of_regions, -1, 0)]
    return terms


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
