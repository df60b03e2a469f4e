"""What a measure of uncertainty is: its unit, its bounds, and which way is less certain.

`tfuq.measures.catalogue` has all measures. What is said of one is read there, never from its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

Level = Literal["voxel", "component", "structure", "image", "landmark"]
Orientation = Literal["less certain", "more certain"]
Bias = Literal["variance", "root of a variance", "biased summand", "unknown"]
Bound = float | Callable[[int], float]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What a measure means.

    Attributes:
        name: of the column or the map.
        symbol: as formulas write it.
        title: as people write it.
        unit: "1" of plain numbers.
        levels: what a value can be of. An image is a whole case.
        low: the lowest value that it can have, a function of the number of classes where it depends
            on that; None where there is none.
        high: the highest value, likewise.
        orientation: what a higher value means; None of a quantity that does not order predictions
            by how certain they are, such as a volume.
        bias: what a small number of samples T does to it, see `tfuq.measures.sample_size`; None
            where it does nothing.
        biased_summand: the measure that it contains as a summand, where its bias is that one's.
        least_samples: the smallest T that it is defined for.
        share_of: what its values are shares or values of, for the scale of a map with unit "1".
        source: who described it; None of a plain statistic.
        is_on_request: whether it is there only where it was asked for.
    """

    name: str
    symbol: str
    title: str
    unit: str
    levels: tuple[Level, ...]
    low: Bound | None
    high: Bound | None
    orientation: Orientation | None
    bias: Bias | None = None
    biased_summand: str | None = None
    least_samples: int = 1
    share_of: str | None = None
    source: str | None = None
    is_on_request: bool = False

    def bounds(self, classes: int) -> tuple[float, float]:
        """The lowest and the highest value; infinite where there is none.

        Args:
            classes: K.
        """
        return _value(self.low, classes, -math.inf), _value(self.high, classes, math.inf)

    def uncertainty(self, values: np.ndarray) -> np.ndarray:
        """The values, or their negatives, so that higher ones are less certain.

        Args:
            values: of any shape, as they are in tables and maps.
        """
        if self.orientation == "more certain":
            return -values
        return values

    def confidence(self, values: np.ndarray) -> np.ndarray:
        """The values, or their negatives, so that higher ones are more certain; its own inverse.

        Args:
            values: of any shape, as they are in tables and maps.
        """
        return -self.uncertainty(values)

    @property
    def scale(self) -> str:
        """What is written at the scale of a map."""
        return self.share_of or self.unit


def _value(bound: Bound | None, classes: int, absent: float) -> float:
    if bound is None:
        return absent
    if callable(bound):
        return bound(classes)
    return bound
