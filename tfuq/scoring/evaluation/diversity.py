"""How much the members of an ensemble differ.

It is told from the probabilities that ``tfuq predict --save-members`` keeps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfuq.errors import RunError
from tfuq.measures.catalogue import MEMBER_VARIANCES
from tfuq.scoring.diversity import (
    error_correlation,
    gain_curve,
    mean_off_diagonal,
    pairwise_disagreement,
    pairwise_divergence,
    subsets,
)
from tfuq.scoring.rows import Row, none_if_nan

AGAIN = "predict again with --save-members --overwrite"
OF_DIVERSITY = ("disagreement", "divergence", "error_correlation", *MEMBER_VARIANCES)
Quality = Callable[[np.ndarray], float]  # of a label ``[n]``


@dataclass(frozen=True, kw_only=True)
class StoredDiversity:
    """`Diversity` as it is in a file: arrays are lists, and NaN is None.

    Attributes:
        pairs: tables ``[M][M]`` of each case, by name.
        curves: points ``[M][subsets][2]`` of each case.
        variances: of each case.
    """

    pairs: dict[str, list[list[list[float | None]]]]
    curves: list[list[list[list[float]]]]
    variances: list[list[float]]


class Diversity:
    """Gathers cases of volumes (or all images at once), each of which counts alike."""

    def __init__(self, quality: str) -> None:
        """Begin with no case.

        Args:
            quality: the name of what the curve shows beside the likelihood.
        """
        self.quality = quality
        self._pairs: dict[str, list[np.ndarray]] = {}  # tables [M, M] of each case, by name
        self._curves: list[list[np.ndarray]] = []  # of each case, see `gain_curve`
        self._variances: list[list[float]] = []  # of each case

    def add(
        self,
        p: np.ndarray,
        y: np.ndarray,
        quality: Quality,
        variances: list[float],
    ) -> None:
        """Add a case.

        Args:
            p: probabilities of the members ``[M, n, K]``.
            y: true classes ``[n]``.
            quality: of a label.
            variances: means of `MEMBER_VARIANCES`.

        Raises:
            RunError: fewer members than before, or than two.
        """
        self._require_members(len(p))
        tables = {
            "disagreement": pairwise_disagreement(p),
            "divergence": pairwise_divergence(p),
            "error_correlation": error_correlation(p, y),
        }
        for name, table in tables.items():
            self._pairs.setdefault(name, []).append(table)
        self._curves.append(gain_curve(p, y, quality))
        self._variances.append(variances)

    def extend(self, other: Diversity) -> None:
        """Add the cases that another has.

        Raises:
            RunError: they have another number of members.
        """
        for curve in other._curves:
            self._require_members(len(curve))
            self._curves.append(curve)
        for name, tables in other._pairs.items():
            self._pairs.setdefault(name, []).extend(tables)
        self._variances += other._variances

    def stored(self) -> dict[str, Any]:
        """What `json.dumps` takes, with the fields of `StoredDiversity`."""
        pairs = {}
        for name, tables in self._pairs.items():
            pairs[name] = [_without_nan(table) for table in tables]
        curves = []
        for curve in self._curves:
            curves.append([points.tolist() for points in curve])
        return {"pairs": pairs, "curves": curves, "variances": self._variances}

    def restore(self, stored: StoredDiversity) -> None:
        """Take what `stored` has given in the place of what is here."""
        self._pairs = {}
        for name, tables in stored.pairs.items():
            self._pairs[name] = [np.array(table, float) for table in tables]
        self._curves = []
        for curve in stored.curves:
            self._curves.append([np.array(points) for points in curve])
        self._variances = stored.variances

    def _require_members(self, members: int) -> None:
        needed: int | str = "two or more"
        if self._curves:
            needed = self._members
        if members < 2 or (self._curves and needed != members):
            raise RunError(f"{members} member(s) where {needed} are needed; {AGAIN}")

    @property
    def _members(self) -> int:
        return len(self._curves[0])

    def summary(self) -> Row:
        """Means over cases and pairs of members, both parts of the variance, and the curve."""
        summary: Row = {"members": self._members}
        for name, table in self._mean_tables().items():
            summary[name] = mean_off_diagonal(table)
        means = np.mean(self._variances, 0).tolist()
        summary |= dict(zip(MEMBER_VARIANCES, means, strict=True))
        summary["curve"] = self.curve_rows()
        return summary

    def enter(self, summary: Row, tables: dict[str, list[Row]], cases: int) -> None:
        """Add what was gathered, if anything was, to a summary and to tables.

        Args:
            summary: of the scores.
            tables: rows by name.
            cases: how many should have been gathered.

        Raises:
            RunError: some cases have members, others not.
        """
        if not self._curves:
            return
        if len(self._curves) != cases:
            raise RunError(
                f"members were kept of {len(self._curves)} cases, and {cases} were predicted; "
                f"{AGAIN}"
            )
        summary["diversity"] = self.summary()
        tables["diversity"] = self.pair_rows()
        tables["member_curve"] = self.curve_rows()

    def pair_rows(self) -> list[Row]:
        """A row for each pair of members; a divergence is the mean of both directions."""
        tables = self._mean_tables()
        rows = []
        for a, b in itertools.combinations(range(self._members), 2):
            row: Row = {"member": a, "other": b}
            for name, table in tables.items():
                mean = (table[a, b] + table[b, a]) / 2
                row[name] = none_if_nan(mean)
            rows.append(row)
        return rows

    def curve_rows(self) -> list[Row]:
        """A row for each number of members: quality and negative log-likelihood.

        Both are means over cases and over subsets of so many members, with their range over
        subsets, and what is gained over one member.
        """
        curve = [np.mean(by_case, 0) for by_case in zip(*self._curves, strict=True)]
        one_member = curve[0].mean(0)
        rows = []
        for size, points in enumerate(curve, start=1):
            row: Row = {"members": size, "subsets": len(subsets(self._members, size))}
            row |= _curve_columns(self.quality, points[:, 0])
            row[f"{self.quality}_gain"] = float(points[:, 0].mean() - one_member[0])
            row |= _curve_columns("nll", points[:, 1])
            row["nll_gain"] = float(-1 * (points[:, 1].mean() - one_member[1]))
            rows.append(row)
        return rows

    def _mean_tables(self) -> dict[str, np.ndarray]:
        """Tables ``[M, M]``, means over the cases that define them."""
        return {name: _mean_of_defined(np.stack(tables)) for name, tables in self._pairs.items()}


def _without_nan(table: np.ndarray) -> list[list[float | None]]:
    rows = []
    for values in table.tolist():
        rows.append([none_if_nan(value) for value in values])
    return rows


def _curve_columns(name: str, values: np.ndarray) -> dict[str, float]:
    return {
        name: float(values.mean()),
        f"{name}_lowest": float(values.min()),
        f"{name}_highest": float(values.max()),
    }


def _mean_of_defined(tables: np.ndarray) -> np.ndarray:
    is_defined = ~np.isnan(tables)
    sums = np.where(is_defined, tables, 0).sum(0)
    counts = is_defined.sum(0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
