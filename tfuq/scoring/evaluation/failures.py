"""Which items of a scored predictions folder failed, and how well measures of uncertainty tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.errors import DataError
from tfuq.scoring.failure import Cohort, rank_measures
from tfuq.scoring.metrics import LEVELS
from tfuq.scoring.rows import Row

_WORST_SHARE = 0.25


@dataclass(frozen=True, kw_only=True)
class FailureOptions:
    """The levels to rank measures at, and what counts as a failure.

    Attributes:
        levels: names of `tfuq.scoring.metrics.LEVELS`.
        limit: a Dice below it, or a radial error of it or more, is a failure. None for the worst
            quarter (and 4 mm of landmarks in mm).
    """

    levels: Sequence[str] = LEVELS
    limit: float | None = None

    def __post_init__(self) -> None:
        """Check the limit.

        Raises:
            DataError: a limit that no Dice and no radial error can be on either side of.
        """
        if self.limit is not None and not 0 < self.limit < np.inf:
            raise DataError(
                f"--failure-at {self.limit:g}: is not above 0; "
                "give a Dice, such as 0.8, or a radial error"
            )

    def failed(self, risk: np.ndarray, limit: float | None) -> np.ndarray:
        """Which risks ``[n]`` reach the limit; without one, those above all but a quarter."""
        if limit is not None:
            return risk >= limit
        if not len(risk):
            return np.zeros(0, bool)
        is_worst: np.ndarray = risk > np.quantile(risk, 1 - _WORST_SHARE)
        return is_worst


def failure_tables(cohorts: Iterable[Cohort], options: FailureOptions) -> dict[str, list[Row]]:
    """Rows of `tfuq.scoring.failure.rank_measures` by level, of the levels that are asked for."""
    tables = {}
    for cohort in cohorts:
        level = cohort.level.split(" ")[0]
        if level in options.levels and len(cohort.risk):
            tables[cohort.level] = rank_measures(cohort)
    return tables


def refuse_limit(options: FailureOptions) -> None:
    """Refuse a limit of a task whose cases are right or wrong.

    Raises:
        DataError: there is one.
    """
    if options.limit is not None:
        raise DataError(
            f"--failure-at {options.limit:g}: a class is right or wrong; "
            "the option serves segmentation and landmarks"
        )
