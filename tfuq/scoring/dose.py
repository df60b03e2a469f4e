"""Dose–volume histograms of structures that are not known exactly: one for each sample of a structure, and what they have in common.

Dose is in Gy. Of a structure's voxels, D_x is the dose that at least x % of them receive, V_d the share that receives d or more
(Drzymala et al. 1991). ``lower`` and ``upper`` are the spread of the samples, from 2.5 to 97.5 % of them, as those of
volumes are: where samples lie, which promises nothing of the true dose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

LEVELS = 101  # of dose, from none to the largest
_D = {"d95_gy": 0.95, "d50_gy": 0.50}
_V = {"v20_percent": 20.0}
VALUES = (*_D, *_V, "mean_gy")  # of `dose_values`
_SPREAD = (2.5, 97.5)  # percentiles


def dose_at_volume(doses: np.ndarray, share: float) -> float:
    """D_x of a structure's doses ``[n]``: the largest dose that at least ``share`` (above 0, to 1) of its voxels receive."""
    place = int(np.ceil(share * len(doses) - 1e-9))  # so many of the hottest voxels
    return float(np.partition(doses, len(doses) - place)[len(doses) - place])


def volume_at_dose(doses: np.ndarray, dose: float) -> float:
    """V_d of a structure's doses ``[n]``: the percentage of its voxels that receive ``dose`` or more."""
    return float(100 * np.count_nonzero(doses >= dose) / len(doses))


def histogram(doses: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The cumulative histogram: the percentage of a structure's voxels that receive each of ``levels`` or more."""
    return 100 * (len(doses) - np.searchsorted(np.sort(doses), levels, side="left")) / len(doses)


def dose_values(doses: np.ndarray) -> dict[str, float]:
    """D95, D50, V20 and the mean dose of a structure's voxels."""
    return {
        **{name: dose_at_volume(doses, share) for name, share in _D.items()},
        **{name: volume_at_dose(doses, dose) for name, dose in _V.items()},
        "mean_gy": float(doses.mean()),
    }


@dataclass(frozen=True)
class DoseBand:
    """A structure's histograms over its samples.

    ``curves [T', LEVELS]`` are those of the samples that have the structure, at ``levels``; ``values`` holds each of theirs by
    name. ``absent`` samples have none.
    """

    levels: np.ndarray
    curves: np.ndarray
    values: dict[str, np.ndarray]
    absent: int

    def row(self) -> dict:
        """Mean of each value with the spread of the samples; empty cells with a reason where no sample has the structure."""
        head = {"samples": len(self.curves) + self.absent, "absent_from": self.absent}
        if not len(self.curves):
            return head | {"reason": "absent from every sample"}
        found: dict = {}
        for name, values in self.values.items():
            low, high = np.percentile(values, _SPREAD)
            found |= {name: float(values.mean())}
            found |= {f"{name}_lower": float(low), f"{name}_upper": float(high)} if len(values) > 1 else {}
        return head | found

    def rows(self) -> list[dict]:
        """The band: mean and spread of the percentage of volume at each level of dose."""
        if not len(self.curves):
            return []
        low, high = np.percentile(self.curves, _SPREAD, axis=0)
        columns = {"dose_gy": self.levels, "volume_percent": self.curves.mean(0), "lower": low, "upper": high}
        return [dict(zip(columns, map(float, cells), strict=True)) for cells in zip(*columns.values(), strict=True)]


def dose_band(dose: np.ndarray, masks: Iterable[np.ndarray], highest: float) -> DoseBand:
    """The band of a structure.

    Args:
        dose: ``[X, Y, Z]`` in Gy.
        masks: of the structure by sample, each ``[X, Y, Z]`` bool.
        highest: dose of the last level, in Gy.
    """
    levels = np.linspace(0, highest, LEVELS)
    doses = [dose[mask] for mask in masks]
    present = [values for values in doses if len(values)]
    values = [dose_values(found) for found in present]
    names = list(values[0]) if values else []
    return DoseBand(
        levels,
        np.array([histogram(found, levels) for found in present]).reshape(len(present), LEVELS),
        {name: np.array([row[name] for row in values]) for name in names},
        len(doses) - len(present),
    )
