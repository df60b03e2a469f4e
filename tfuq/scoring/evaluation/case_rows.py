"""Rows of ``cases.csv`` of a segmentation, and their means over several references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.units import in_every_unit
from tfuq.data.volume import Volume
from tfuq.scoring.evaluation.crops import Crops
from tfuq.scoring.evaluation.raters import RaterScores
from tfuq.scoring.evaluation.references import fingerprint
from tfuq.scoring.evaluation.score_options import ScoreOptions
from tfuq.scoring.evaluation.voxels import CaseMaps
from tfuq.scoring.metrics import METRICS
from tfuq.scoring.rows import Row, mean_of, mean_of_column
from tfuq.scoring.segmentation import (
    overlap_scores,
    presence_scores,
    surface_scores,
    with_diagonal,
)

OVERLAPS = ("dice", "iou", "precision", "recall", "voxel_accuracy")  # scores of a label alone
_DISTANCES = in_every_unit(["hd95_mm", "average_surface_distance_mm"])


def case_rows(
    case: Case,
    maps: CaseMaps,
    config: Config,
    grid: Volume,
    raters: RaterScores | None = None,
    *,
    options: ScoreOptions | None = None,
    volumes: Mapping[str, Row] | None = None,
) -> list[Row]:
    """A case's rows: each structure, and last "all".

    The last has the scores and the confidences of the maps too. Distances and differences of size
    go by the names of the case's unit.

    Args:
        case: its id and unit count.
        maps: the predicted case with its reference.
        config: of the run.
        grid: a volume on the grid of the maps.
        raters: scores against several raters, where there are some.
        options: what there is a choice of.
        volumes: scores of each structure's volume, by the names of scans, where there are some.
    """
    rows = []
    options = options or ScoreOptions()
    crops = Crops(maps, len(config.data.classes))
    for name, members in config.data.structures.items():
        predicted, reference, known = crops.masks(members)
        scores = overlap_scores(predicted, reference, grid.voxel_volume)
        scores |= presence_scores(predicted, reference)
        scores |= surface_scores(
            predicted,
            reference,
            grid.spacing,
            known,
            maps.known_voxels,
            options.tolerance_of(name),
        )
        if options.tolerance is not None:
            scores.setdefault("nsd", None)  # a structure without a tolerance has none
        if options.has_penalty:
            scores = with_diagonal(scores, maps.truth.shape, grid.spacing)
        if volumes:
            scores |= volumes[name]
        row = {"case": case.id, "class": name, **case.unit.named(scores)}
        if raters:
            row |= raters.structures[name]
        rows.append(row)
    foreground = rows[: len(config.data.classes) - 1]  # regions overlap them
    everything: Row = {
        "case": case.id,
        "class": "all",
        "reference": fingerprint(maps.truth.astype(np.uint8)),
        **_means(foreground),
        "voxel_accuracy": maps.accuracy,
        **maps.scores(),
    }
    if raters:
        everything |= raters.image
    everything |= maps.confidences()
    return [*rows, everything]


def overlap_rows(case: Case, maps: CaseMaps, config: Config) -> list[Row]:
    """A case's rows with the scores of its label alone: each structure, and last "all".

    Args:
        case: its id counts.
        maps: the predicted case with its reference.
        config: of the run.
    """
    rows = []
    crops = Crops(maps, len(config.data.classes))
    for name, members in config.data.structures.items():
        predicted, reference, _ = crops.masks(members)
        scores = overlap_scores(predicted, reference, 1.0)
        rows.append({"case": case.id, "class": name} | _chosen(scores))
    foreground = rows[: len(config.data.classes) - 1]
    everything: Row = {"case": case.id, "class": "all", **_means(foreground)}
    everything["voxel_accuracy"] = maps.accuracy
    return [*rows, everything]


def _chosen(scores: Row) -> Row:
    return {name: scores[name] for name in OVERLAPS if name in scores}


def _means(rows: Sequence[Row]) -> dict[str, float | None]:
    """Means over the foreground classes, of those where a score exists.

    Distances have a mean only where every structure that is there, or predicted, has them.
    """
    present = [row for row in rows if _is_present(row)]
    means = {}
    for name in rows[0]:
        if name in _DISTANCES:
            means[name] = _mean_of_all(row[name] for row in present)
        elif name in METRICS:
            means[name] = mean_of_column(rows, name)
    return means


def _is_present(row: Row) -> bool:
    """Whether a structure is in the prediction or in the reference."""
    return row["precision"] is not None or row["recall"] is not None


def _mean_of_all(values: Iterable[float | None]) -> float | None:
    """The mean, None where any value is: what has no distance must not make a mean better."""
    listed = list(values)
    if None in listed:
        return None
    return mean_of(listed)


def mean_rows(by_reference: Sequence[list[Row]]) -> list[Row]:
    """Rows that each of several references gives, as one.

    Numbers are means of those that exist, distances only where every reference gives one, and every
    reference is named.

    Args:
        by_reference: the same rows for each reference.
    """
    if len(by_reference) == 1:
        return by_reference[0]
    merged = []
    for rows in zip(*by_reference, strict=True):
        merged.append({name: _merged(name, [row[name] for row in rows]) for name in rows[0]})
    return merged


def _merged(name: str, values: list[Any]) -> str | float | None:
    if name == "reference":
        return "+".join(values)
    first = values[0]
    if isinstance(first, str):
        return first
    if name in _DISTANCES:
        return _mean_of_all(values)
    return mean_of(values)
