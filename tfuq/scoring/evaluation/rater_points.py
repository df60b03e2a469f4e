"""Where predicted landmarks stand among several raters: errors against each, and against how far the raters lie apart.

Lengths are in mm where the configuration gives the size of a pixel, else in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.landmarks import pixel_mm, rater_points
from tfuq.scoring.association import grouped_correlations
from tfuq.scoring.landmarks import landmark_table, rater_distance, rater_spread

Size = tuple[int, int]


@dataclass(frozen=True)
class RaterPoints:
    """Positions ``[n, L, 2]`` as lengths from the image's corner: predicted, and ``by`` each rater, NaN of a case that it has not
    annotated."""

    ids: list[str]
    names: list[str]
    predicted: np.ndarray
    by: dict[str, np.ndarray]
    in_mm: bool

    def errors(self, rater: str) -> np.ndarray:
        """Distances ``[n, L]`` of the predictions from a rater."""
        return np.linalg.norm(self.predicted - self.by[rater], axis=-1)

    def rows(self) -> list[dict]:
        """A row of ``raters.csv`` for each case, landmark and rater that has annotated it."""
        column = "radial_error_mm" if self.in_mm else "radial_error_px"
        errors = {rater: self.errors(rater) for rater in self.by}
        return [
            {"case": case_id, "landmark": name, "rater": rater, column: float(found[i, k])}
            for i, case_id in enumerate(self.ids)
            for k, name in enumerate(self.names)
            for rater, found in errors.items()
            if not np.isnan(found[i, k])
        ]

    def summary(self, measures: dict[str, np.ndarray]) -> dict:
        """``against`` each rater the errors; ``spread``: the raters' mean distance from their mean position; ``within_spread``: the
        share of predictions no farther from it than a rater is; what each measure ``[n, L]`` has to do with the spread."""
        points = np.stack(list(self.by.values()))
        middle, spread = points.mean(0), rater_spread(points)
        off = np.linalg.norm(self.predicted - middle, axis=-1)
        farthest = np.linalg.norm(points - middle, axis=-1).max(0)
        known = ~np.isnan(off)
        return {
            "against": {rater: landmark_table(self.errors(rater), self.names, in_mm=self.in_mm)[-1] for rater in self.by},
            "spread": landmark_table(spread, self.names, in_mm=self.in_mm)[-1],
            "within_spread": float((off <= farthest)[known].mean()) if known.any() else None,
            "measures": {name: grouped_correlations(values, spread) for name, values in measures.items()},
        }

    def apart(self) -> dict | None:
        """How far the first two raters lie apart in mm; None of pixels."""
        first, second = sorted(self.by)[:2]
        return {"raters": [first, second], **rater_distance(self.by[first], self.by[second], 1.0)} if self.in_mm else None


def points_by_raters(
    config: Config, cases: dict[str, Case], sizes: dict[str, Size], predicted: np.ndarray
) -> RaterPoints | None:
    """The cases' landmarks by every rater, beside those ``predicted [n, L, 2]`` in pixels, in the cases' order; None of one rater."""
    raters = sorted({rater for case in cases.values() for rater in case.truth})
    if len(raters) < 2:
        return None
    scale = [pixel_mm(config, sizes[case_id]) for case_id in cases]
    in_mm = scale[0] is not None
    factors = np.array(scale if in_mm else np.ones((len(scale), 2)))[:, None]

    def of(rater: str, case_id: str) -> np.ndarray:
        case = cases[case_id]
        if rater not in case.truth:
            return np.full((len(config.data.landmarks), 2), np.nan)
        return rater_points(config, case, sizes[case_id], rater)

    by = {rater: np.stack([of(rater, case_id) for case_id in cases]) * factors for rater in raters}
    return RaterPoints(list(cases), config.data.landmarks, predicted * factors, by, in_mm)
