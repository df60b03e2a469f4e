"""How informative an image with landmarks is: how far its samples spread.

Positions have no classes, and so no mutual information of a table. The spread of the samples'
positions stands for it: for normal distributions, it grows with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq.calibration.observed import Part
from tfuq.workflows.query.tasks.base import QUERIED, Queried, mean_measure


def _spread(folder: Path, parts: Sequence[Part]) -> float:
    in_mm = mean_measure(parts, "mean_radial_spread_mm")
    return in_mm or mean_measure(parts, "mean_radial_spread")


def _lack_of_activation(folder: Path, parts: Sequence[Part]) -> float:
    return -mean_measure(parts, "max_activation")


QUERIED.register("landmarks")(
    Queried(
        information=_spread,
        title="spread of the samples about their mean position, as a mean over landmarks",
        of_one_sample=_lack_of_activation,
        title_of_one_sample="lack of maximum activation, as a mean over landmarks",
    )
)
