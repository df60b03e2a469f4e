"""Dose–volume histograms of structures that are not known exactly.

There is one histogram for each sample of a structure; a band says what they have in common.

Dose is in Gy. `tfuq.scoring.dose_quantities` has what is told of it. ``lower`` and ``upper`` are
the spread of the samples, from 2.5 to 97.5 % of them, as those of volumes are: where samples lie.
They promise nothing of the true dose.

References:
    Drzymala et al. 1991, Int. J. Radiation Oncology Biol. Phys. 21.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.scoring.dose_constraints import Constraint
from tfuq.scoring.dose_quantities import USUAL, Quantity
from tfuq.scoring.rows import Row

LEVELS = 101  # of dose, from none to the largest
BEYOND = -1.0  # marks voxels that the dose does not reach; no dose is negative
_SPREAD = (2.5, 97.5)  # percentiles


def histogram(doses: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The cumulative histogram of a structure.

    Args:
        doses: of the structure's voxels, ``[n]``.
        levels: of dose, ``[levels]``.

    Returns:
        The percentage of voxels that receive each level or more, ``[levels]``.
    """
    colder = np.searchsorted(np.sort(doses), levels, side="left")
    return 100 * (len(doses) - colder) / len(doses)


def dose_values(
    doses: np.ndarray, voxel_cc: float, quantities: Sequence[Quantity] = USUAL
) -> dict[str, float]:
    """The quantities of a structure's voxels, by the names of their columns.

    Args:
        doses: of the voxels, ``[n]``.
        voxel_cc: the volume of a voxel in cm³.
        quantities: what is told.
    """
    return {quantity.name: quantity.of(doses, voxel_cc) for quantity in quantities}


@dataclass(frozen=True, kw_only=True)
class DoseBand:
    """A structure's histograms over its samples.

    Attributes:
        levels: of dose in Gy, ``[LEVELS]``.
        curves: histograms of the T' samples that have the structure, ``[T', LEVELS]``.
        values: each quantity of those samples, ``[T']`` by name, NaN where it has none. Voxels that
            the dose does not reach count as 0 Gy.
        most: the same, as if they had the highest dose of all.
        absent: how many samples do not have the structure.
    """

    levels: np.ndarray
    curves: np.ndarray
    values: dict[str, np.ndarray]
    most: dict[str, np.ndarray]
    absent: int

    def row(self, quantities: Sequence[Quantity] = USUAL) -> Row:
        """Mean of each value with the spread of the samples.

        Cells are empty, and there is a reason, where no sample has the structure.
        """
        present = len(self.curves)
        row: Row = {"samples": present + self.absent, "absent_from": self.absent}
        if not present:
            return row | {"reason": "absent from every sample"}
        for quantity in quantities:
            row |= _mean_and_spread(quantity.name, self.values[quantity.name])
        return row

    def rows(self) -> list[Row]:
        """The band: mean and spread of the percentage of volume at each level of dose."""
        if not len(self.curves):
            return []
        return list(self._level_rows())

    def _level_rows(self) -> Iterator[Row]:
        means = self.curves.mean(0)
        lows, highs = np.percentile(self.curves, _SPREAD, axis=0)
        for dose, mean, low, high in zip(self.levels, means, lows, highs, strict=True):
            yield {
                "dose_gy": float(dose),
                "volume_percent": float(mean),
                "lower": float(low),
                "upper": float(high),
            }

    def verdict(self, constraint: Constraint) -> Row:
        """Whether a constraint is met in all samples, in none, or undecided within them.

        A sample of which a part lies beyond the dose decides only where that part changes nothing,
        whatever it receives. Samples without the structure, or smaller than the volume that the
        constraint speaks of, say nothing.
        """
        name = constraint.quantity.name
        values = self.values.get(name, np.zeros(0))
        is_told = ~np.isnan(values)
        told = values[is_told]
        row: Row = {"constraint": constraint.text, "samples": len(told), "verdict": None}
        if not len(told):
            return row | {"reason": "no sample has a value"}
        holds = constraint.holds(told)
        holds_at_most = constraint.holds(self.most[name][is_told])
        met = int(np.count_nonzero(holds & holds_at_most))
        missed = int(np.count_nonzero(~holds & ~holds_at_most))
        row |= {"met_in": met, "missed_in": missed, "share_met": met / len(told)}
        row["verdict"] = _verdict(met, missed, len(told))
        return row | _mean_and_spread("value", told)


def _verdict(met: int, missed: int, samples: int) -> str:
    if met == samples:
        return "met"
    if missed == samples:
        return "missed"
    return "undecided"


def _mean_and_spread(name: str, values: np.ndarray) -> dict[str, float]:
    told = values[~np.isnan(values)]
    if not len(told):
        return {}
    low, high = np.percentile(told, _SPREAD)
    row = {name: float(told.mean())}
    if len(told) > 1:
        row[f"{name}_lower"] = float(low)
        row[f"{name}_upper"] = float(high)
    return row


def dose_band(
    dose: np.ndarray,
    masks: Iterable[np.ndarray],
    highest: float,
    voxel_cc: float,
    quantities: Sequence[Quantity] = USUAL,
) -> DoseBand:
    """The band of a structure.

    Args:
        dose: ``[X, Y, Z]`` in Gy, `BEYOND` where it is not known.
        masks: of the structure by sample, each ``[X, Y, Z]`` bool.
        highest: dose of the last level, in Gy.
        voxel_cc: the volume of a voxel in cm³.
        quantities: what is told of each sample.
    """
    levels = np.linspace(0, highest, LEVELS)
    curves = []
    least = []
    most = []
    samples = 0
    for mask in masks:
        samples += 1
        doses = dose[mask]
        if len(doses):
            known = np.maximum(doses, 0)
            curves.append(histogram(known, levels))
            least.append(dose_values(known, voxel_cc, quantities))
            most.append(dose_values(np.where(doses < 0, highest, doses), voxel_cc, quantities))
    return DoseBand(
        levels=levels,
        curves=np.array(curves).reshape(len(curves), LEVELS),
        values=_by_name(least, quantities),
        most=_by_name(most, quantities),
        absent=samples - len(curves),
    )


def _by_name(
    by_sample: Sequence[dict[str, float]], quantities: Sequence[Quantity]
) -> dict[str, np.ndarray]:
    table = {}
    for quantity in quantities:
        values = [sample[quantity.name] for sample in by_sample]
        table[quantity.name] = np.array(values, float)
    return table
