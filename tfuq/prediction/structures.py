"""The rows of ``structures.csv``: measures of each class, region and component of a volume."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfuq.calibration.conformal import predicted_interval, volume_interval
from tfuq.config import Config
from tfuq.data.preprocessing import from_examples
from tfuq.measures.sample_masks import StoredSamples
from tfuq.measures.structure import ClassMaps, structure_rows
from tfuq.prediction.statistics import Drawn, Row

# The maps on the network's grid that structures are measured on. The last is there where the
# configuration has regions.
_MEASURED_ON = (
    "probability",
    "predictive_entropy",
    "mutual_information",
    "entropy_terms",
    "region_entropy_terms",
)


def rows_of_structures(
    config: Config,
    samples: StoredSamples,
    drawn: Drawn,
    quantiles: Mapping[str, float],
) -> list[Row]:
    """Measure the structures of one case.

    Args:
        config: The configuration.
        samples: Every sample's masks on the network's grid.
        drawn: Statistics of the samples by name, as batches of examples without padding.
        quantiles: The conformal quantile of the volume by class; of a class that has one, the row
            has a conformal interval.
    """
    on_grid = _on_network_grid(drawn, samples.slice_axis)
    label = on_grid["probability"].argmax(-1)
    entropy_terms = _entropy_terms(config, on_grid)
    structures = config.data.structures.items()
    min_voxels = config.prediction.min_component_voxels
    rows = []
    for (name, classes), entropy_term in zip(structures, entropy_terms, strict=True):
        maps = ClassMaps(
            label=np.isin(label, classes),
            masks=samples.of_classes(classes),
            entropy_term=entropy_term,
            predictive_entropy=on_grid["predictive_entropy"],
            mutual_information=on_grid["mutual_information"],
            voxel_volume=samples.grid.voxel_volume,
        )
        for measures in structure_rows(maps, min_component_voxels=min_voxels):
            row = {"class": name, **measures}
            rows.append(_with_interval(row, maps.voxel_volume, quantiles.get(name)))
    return rows


def _on_network_grid(drawn: Drawn, slice_axis: int | None) -> Drawn:
    on_grid = {}
    for name in _MEASURED_ON:
        if name in drawn:
            on_grid[name] = from_examples(drawn[name], slice_axis)
    return on_grid


def _entropy_terms(config: Config, on_grid: Drawn) -> list[np.ndarray]:
    """−(1/T) Σ p log p of each structure ``[X, Y, Z]``, in nat."""
    of_classes = np.moveaxis(on_grid["entropy_terms"], -1, 0)
    terms = [*of_classes[1:]]
    if config.data.regions:
        of_regions = np.moveaxis(on_grid["region_entropy_terms"], -1, 0)
        terms += [*of_regions]
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
