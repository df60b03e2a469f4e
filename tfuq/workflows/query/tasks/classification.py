"""How informative a classified image is: BALD, of its one class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq.calibration.observed import Part
from tfuq.workflows.query.tasks.base import QUERIED, Queried, mean_measure


def _mutual_information(folder: Path, parts: Sequence[Part]) -> float:
    return mean_measure(parts, "mutual_information")


def _entropy(folder: Path, parts: Sequence[Part]) -> float:
    return mean_measure(parts, "predictive_entropy")


QUERIED.register("classification")(
    Queried(
        information=_mutual_information,
        title="mutual information (BALD) of the class, in nat",
        of_one_sample=_entropy,
        title_of_one_sample="predictive entropy of the class, in nat",
    )
)
