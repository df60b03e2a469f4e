"""How well measures of uncertainty tell a set from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfuq.config.registry import Registry
from tfuq.scoring.association import auroc_interval
from tfuq.scoring.bootstrap import bounds
from tfuq.scoring.classification import ood_scores
from tfuq.scoring.evaluation.class_table import read_predictions
from tfuq.scoring.rows import Row

# By task: how well measures tell the cases of two predictions folders apart.
OUT_OF_DISTRIBUTION: Registry[Callable[[Path, Path, list[str]], dict[str, Row]]] = Registry(
    "task of another distribution"
)


@OUT_OF_DISTRIBUTION.register("classification")
def out_of_distribution(inside: Path, outside: Path, classes: list[str]) -> dict[str, Row]:
    """How well each measure tells the cases of another predictions folder from those of one.

    Args:
        inside: the predictions folder.
        outside: that of a set from elsewhere.
        classes: of the run.

    Returns:
        `ood_scores` by measure, with the 95 % interval of the AUROC over resampled cases.
    """
    measures_inside = read_predictions(inside, classes).measures
    measures_outside = read_predictions(outside, classes).measures
    table = {}
    for name, values in measures_inside.items():
        if name in measures_outside:
            table[name] = _ood_row(values, measures_outside[name])
    return table


def _ood_row(inside: np.ndarray, outside: np.ndarray) -> Row:
    values = np.concatenate([inside, outside])
    is_outside = np.repeat([False, True], [len(inside), len(outside)])
    cases = np.arange(len(values))
    interval = auroc_interval(values, is_outside, cases)
    return ood_scores(inside, outside) | bounds(interval, "auroc_")
