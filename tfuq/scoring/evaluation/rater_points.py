"""Where predicted landmarks stand among several raters.

They are compared with each rater, and with how far the raters lie apart. Lengths are in mm where
the configuration gives the size of a pixel, else in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.sets.landmarks import pixel_mm, rater_points
from tfuq.scoring.association import grouped_correlations
from tfuq.scoring.landmarks import landmark_table, rater_distance, rater_spread
from tfuq.scoring.rows import Row

Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class RaterPoints:
    """Positions ``[n, L, 2]`` as lengths from the image's corner.

    Attributes:
        ids: of n cases.
        names: of L landmarks.
        predicted: positions.
        by: positions by each rater, NaN of a case that it has not annotated.
        in_mm: whether lengths are in mm, and not in pixels.
    """

    ids: list[str]
    names: list[str]
    predicted: np.ndarray
    by: dict[str, np.ndarray]
    in_mm: bool

    def errors(self, rater: str) -> np.ndarray:
        """Distances ``[n, L]`` of the predictions from a rater."""
        distances: np.ndarray = np.linalg.norm(self.predicted - self.by[rater], axis=-1)
        return distances

    def rows(self) -> list[Row]:
        """A row of ``raters.csv`` for each case, landmark and rater that has annotated it."""
        column = "radial_error_px"
        if self.in_mm:
            column = "radial_error_mm"
        errors = {rater: self.errors(rater) for rater in self.by}
        rows = []
        for i, case_id in enumerate(self.ids):
            for k, name in enumerate(self.names):
                for rater, distances in errors.items():
                    row = {"case": case_id, "landmark": name, "rater": rater}
                    if not np.isnan(distances[i, k]):
                        rows.append({**row, column: float(distances[i, k])})
        return rows

    def summary(self, measures: Mapping[str, np.ndarray]) -> Row:
        """Compare the predictions with the raters.

        Args:
            measures: of uncertainty, ``[n, L]`` by name.

        Returns:
            ``against`` each rater the errors; ``spread``, the raters' mean distance from their mean
            position; ``within_spread``, the share of predictions no farther from it than a rater
            is; and what each measure has to do with the spread.
        """
        points = np.stack(list(self.by.values()))
        spread = rater_spread(points)
        against = {rater: self._overall(self.errors(rater)) for rater in self.by}
        correlations = {}
        for name, values in measures.items():
            correlations[name] = grouped_correlations(values, spread)
        return {
            "against": against,
            "spread": self._overall(spread),
            "within_spread": self._share_within(points),
            "measures": correlations,
        }

    def _overall(self, distances: np.ndarray) -> Row:
        """The row of all landmarks."""
        *_, overall = landmark_table(distances, self.names, in_mm=self.in_mm)
        return overall

    def _share_within(self, points: np.ndarray) -> float | None:
        """The share of predictions no farther from the raters' mean than a rater is."""
        middle = points.mean(0)
        distance = np.linalg.norm(self.predicted - middle, axis=-1)
        farthest = np.linalg.norm(points - middle, axis=-1).max(0)
        known = ~np.isnan(distance)
        if not known.any():
            return None
        is_within = (distance <= farthest)[known]
        return float(is_within.mean())

    def apart(self) -> Row | None:
        """How far the first two raters lie apart in mm; None of pixels."""
        if not self.in_mm:
            return None
        first, second = sorted(self.by)[:2]
        distance = rater_distance(self.by[first], self.by[second], 1.0)
        return {"raters": [first, second], **distance}


def points_by_raters(
    config: Config,
    cases: dict[str, Case],
    sizes: dict[str, Size],
    predicted: np.ndarray,
) -> RaterPoints | None:
    """The cases' landmarks by every rater, beside those predicted.

    Args:
        config: of the run.
        cases: n of them by id.
        sizes: of the images, by id.
        predicted: ``[n, L, 2]`` in pixels, in the cases' order.

    Returns:
        None of one rater.
    """
    raters = sorted(set().union(*map(_annotators, cases.values())))
    if len(raters) < 2:
        return None
    scale = [pixel_mm(config, sizes[case_id]) for case_id in cases]
    in_mm = scale[0] is not None
    factors = np.ones((len(cases), 2))
    if in_mm:
        factors = np.array(scale)
    factors = factors[:, None]
    by = {}
    for rater in raters:
        points = [_points(config, case, sizes[case.id], rater) for case in cases.values()]
        by[rater] = np.stack(points) * factors
    return RaterPoints(
        ids=list(cases),
        names=config.data.landmarks,
        predicted=predicted * factors,
        by=by,
        in_mm=in_mm,
    )


def _annotators(case: Case) -> set[str]:
    """The raters that have annotated a case of landmarks."""
    if isinstance(case.truth, dict):
        return set(case.truth)
    return set()


def _points(config: Config, case: Case, size: Size, rater: str) -> np.ndarray:
    """A rater's landmarks ``[L, 2]`` in pixels; NaN where it has not annotated the case."""
    if rater not in _annotators(case):
        return np.full((len(config.data.landmarks), 2), np.nan)
    return rater_points(config, case, size, rater)
