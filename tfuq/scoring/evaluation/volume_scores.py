"""How well samples tell the volumes of a case's structures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tfuq.config import Config
from tfuq.data.label_values import class_counts
from tfuq.data.preprocessing import PADDING
from tfuq.data.volume import Volume
from tfuq.measures.sample_masks import StoredSamples
from tfuq.scoring.crps import crps
from tfuq.scoring.evaluation.raters import RaterScores
from tfuq.scoring.rows import Row, column, grouped


def volume_scores(
    samples: StoredSamples | None,
    config: Config,
    references: Sequence[Volume],
    raters: RaterScores | None,
) -> dict[str, Row]:
    """The CRPS of each structure's volume by the names of scans, a mean over raters.

    Volumes of samples are those on the network's grid, as in ``structures.csv``.

    Args:
        samples: on the network's grid; None where they were not kept.
        config: of the run.
        references: of the case, which count where it has no raters.
        raters: scores against several raters, with their volumes; None without raters.

    Returns:
        ``volume_crps_mm3`` by structure; nothing without samples, and None where there may be more
        of a structure in voxels to ignore.
    """
    if samples is None:
        return {}
    observed = _reference_volumes(references, config)
    if raters is not None:
        by_class = grouped(raters.rows, "class")
        observed = {name: column(rows, "volume_mm3") for name, rows in by_class.items()}
    scores: dict[str, Row] = {}
    for name, members in config.data.structures.items():
        masks = samples.of_classes(members).unpacked()
        voxels = np.array([np.count_nonzero(mask) for mask in masks])
        volumes = voxels * samples.grid.voxel_volume
        score = None
        if observed.get(name):
            score = float(np.mean([crps(volumes, volume) for volume in observed[name]]))
        scores[name] = {"volume_crps_mm3": score}
    return scores


def _reference_volumes(
    references: Sequence[Volume], config: Config
) -> Mapping[str, Sequence[float]]:
    """The volume of each structure by each reference; none where voxels are to be ignored."""
    counts = [class_counts(reference.array) for reference in references]
    if any(of_reference[PADDING] for of_reference in counts):
        return {}
    voxel_volume = references[0].voxel_volume
    volumes = {}
    for name, members in config.data.structures.items():
        sums = [int(of_reference[list(members)].sum()) for of_reference in counts]
        volumes[name] = [voxels * voxel_volume for voxels in sums]
    return volumes
