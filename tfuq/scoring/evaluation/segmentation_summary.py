"""The summary of a segmentation's scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfuq.calibration.records import Calibration
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.bounds import kept_bounds
from tfuq.scoring.evaluation.gathered import Gathered
from tfuq.scoring.evaluation.lesion_summary import lesion_summary
from tfuq.scoring.evaluation.promises import summary_head
from tfuq.scoring.evaluation.raters import rater_summary
from tfuq.scoring.evaluation.scores import ScoreRequest, provenance, reliability_rows, score_table
from tfuq.scoring.evaluation.structures import (
    measure_means,
    spearman_with_dice,
    spread_coverage,
    whole_structures,
)
from tfuq.scoring.evaluation.subjects import clustered
from tfuq.scoring.lesion_structures import STRUCTURES, lesion_structures
from tfuq.scoring.rows import Row, column_names, grouped, mean_of_column

_LEFT_OUT = "none"  # the distance of a structure that is missed or invented
_DIAGONAL = "diagonal"


def segmentation_summary(
    request: ScoreRequest,
    gathered: Gathered,
    calibration: Calibration | None,
) -> Row:
    """What ``summary.json`` says of a segmentation.

    Args:
        request: that was scored.
        gathered: of all its cases.
        calibration: what the predictions were calibrated with; None of others.
    """
    by_class = grouped(gathered.cases, "class")
    *names, _ = by_class
    whole = whole_structures(gathered.structures, names)
    bins = _mean_bins(gathered.bins)
    pattern = request.config.data.split.subject
    clusters = {name: clustered(rows, pattern) for name, rows in whole.items()}
    summary: Row = {
        **provenance(request.manifest),
        **_calibrated(gathered, calibration),
        "scores": {name: score_table(rows) for name, rows in by_class.items()},
        "structure_measures": {name: measure_means(rows) for name, rows in whole.items()},
        "volume_spread": _spreads(whole, request.manifest.samples),
        "spearman_with_dice": {name: spearman_with_dice(rows) for name, rows in clusters.items()},
        "ece_pooled": bins.mean_gap(),
        "reliability": reliability_rows(bins),
    }
    summary["missing_distance"] = _LEFT_OUT
    if request.options.has_penalty:
        summary["missing_distance"] = _DIAGONAL
    if gathered.raters:
        summary["raters"] = rater_summary(gathered.raters)
    summary["detection"] = lesion_summary(
        clustered(gathered.detection, pattern), clustered(gathered.lesions, pattern)
    )
    summary[STRUCTURES] = lesion_structures(
        request.config.data.lesions, gathered.detection, gathered.lesions
    )
    summary["lesion_iou"] = request.options.lesion_iou
    summary["nsd_tolerance"] = request.options.tolerance
    summary["references"] = {
        "of_two_raters": gathered.averaged,
        "without_structure": gathered.empty,
    }
    return summary


def _mean_bins(bins: Sequence[Bins]) -> Bins:
    """The shares of voxels, to which each case counts alike."""
    shares = [np.array(of_case) / of_case.items.sum() for of_case in bins]
    return Bins(*np.mean(shares, 0))


def _spreads(whole: dict[str, list[Row]], samples: int) -> dict[str, Row]:
    """How often spreads of samples hold the reference's volume, of the classes that have one."""
    spreads = {}
    for name, rows in whole.items():
        coverage = spread_coverage(rows, samples)
        if coverage:
            spreads[name] = coverage
    return spreads


def _calibrated(gathered: Gathered, calibration: Calibration | None) -> Row:
    """Scores before scaling, and kept promises; nothing of what is not calibrated."""
    if calibration is None:
        return {}
    before = {}
    for name in column_names(gathered.before):
        before[name] = mean_of_column(gathered.before, name)
    return {
        "calibration": summary_head(calibration),
        "before_calibration": before,
        "conformal": kept_bounds(gathered.bounds, calibration),
    }
