"""Dose–volume histograms of structures that are not known exactly.

There is one histogram for each sample of a structure; a band says what they have in common.

Dose is in Gy. Of a structure's voxels, D_x is the dose that at least x % of them receive, and V_d
is the share that receives d or more. ``lower`` and ``upper`` are the spread of the samples, from
2.5 to 97.5 % of them, as those of volumes are: where samples lie. They promise nothing of the true
dose.

References:
    Drzymala et al. 1991, Int. J. Radiation Oncology Biol. Phys. 21.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tfuq.scoring.rows import Row

LEVELS = 101  # of dose, from none to the largest
_D = {"d95_gy": 0.95, "d50_gy": 0.50}
_V = {"v20_percent": 20.0}
VALUES = (*_D, *_V, "mean_gy")  # of `dose_values`
_SPREAD = (2.5, 97.5)  # percentiles


def dose_at_volume(doses: np.ndarray, share: float) -> float:
    """D_x: the largest dose that at least a share of a structure's voxels receive.

    Args:
        doses: of the structure's voxels, ``[n]``.
        share: above 0, to 1.
    """
    hottest = int(np.ceil(share * len(doses) - 1e-9))  # so many voxels
    rank = len(doses) - hottest
    return float(np.partition(doses, rank)[rank])


def volume_at_dose(doses: np.ndarray, dose: float) -> float:
    """V_d: the percentage of a structure's voxels that receive ``dose`` or more.

    Args:
        doses: of the structure's voxels, ``[n]``.
        dose: in Gy.
    """
    reaching = np.count_nonzero(doses >= dose)
    return float(100 * reaching / len(doses))


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


def dose_values(doses: np.ndarray) -> dict[str, float]:
    """D95, D50, V20 and the mean dose of a structure's voxels, by the names of `VALUES`."""
    values = {}
    for name, share in _D.items():
        values[name] = dose_at_volume(doses, share)
    for name, dose in _V.items():
        values[name] = volume_at_dose(doses, dose)
    values["mean_gy"] = float(doses.mean())
    return values


@dataclass(frozen=True, kw_only=True)
class DoseBand:
    """A structure's histograms over its samples.

    Attributes:
        levels: of dose in Gy, ``[LEVELS]``.
        curves: histograms of the T' samples that have the structure, ``[T', LEVELS]``.
        values: each of `dose_values` of those samples, ``[T']`` by name.
        absent: how many samples do not have the structure.
    """

    levels: np.ndarray
    curves: np.ndarray
    values: dict[str, np.ndarray]
    absent: int

    def row(self) -> Row:
        """Mean of each value with the spread of the samples.

        Cells are empty, and there is a reason, where no sample has the structure.
        """
        present = len(self.curves)
        row: Row = {"samples": present + self.absent, "absent_from": self.absent}
        if not present:
            return row | {"reason": "absent from every sample"}
        for name, values in self.values.items():
            row |= _mean_and_spread(name, values)
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


def _mean_and_spread(name: str, values: np.ndarray) -> dict[str, float]:
    low, high = np.percentile(values, _SPREAD)
    row = {name: float(values.mean())}
    if len(values) > 1:
        row[f"{name}_lower"] = float(low)
        row[f"{name}_upper"] = float(high)
    return row


def dose_band(dose: np.ndarray, masks: Iterable[np.ndarray], highest: float) -> DoseBand:
    """The band of a structure.

    Args:
        dose: ``[X, Y, Z]`` in Gy.
        masks: of the structure by sample, each ``[X, Y, Z]`` bool.
        highest: dose of the last level, in Gy.
    """
    levels = np.linspace(0, highest, LEVELS)
    by_sample = [dose[mask] for mask in masks]
    present = [doses for doses in by_sample if len(doses)]
    curves = [histogram(doses, levels) for doses in present]
    return DoseBand(
        levels=levels,
        curves=np.array(curves).reshape(len(present), LEVELS),
        values=_values_by_name(present),
        absent=len(by_sample) - len(present),
    )


def _values_by_name(doses_by_sample: list[np.ndarray]) -> dict[str, np.ndarray]:
    values: dict[str, list[float]] = {}
    for doses in doses_by_sample:
        for name, value in dose_values(doses).items():
            values.setdefault(name, []).append(value)
    return {name: np.array(column) for name, column in values.items()}
