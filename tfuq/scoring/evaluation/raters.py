"""Where a predicted case and its samples stand among several raters.

Masks are compared on the image's own grid, which the raters drew on. What needs samples is there where they were kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case, read_rater_labels
from tfuq.data.volume import Volume, onto_grid
from tfuq.masks import STORED, SampleMasks, StoredSamples, read_samples
from tfuq.scoring.evaluation.scores import mean_of
from tfuq.scoring.evaluation.voxels import CaseMaps
from tfuq.scoring.raters import (
    dice_matrix,
    energy_distance,
    normalized_cross_correlation,
    rater_dice,
    rater_disagreement,
    unbiased_energy_distance,
    volumes_covered,
)

_HALF = 0.5


@dataclass(frozen=True)
class RaterScores:
    """Metrics of each structure, those of the image (``ncc_<map>``), and rows of ``raters.csv``: a class and rater each."""

    structures: dict[str, dict]
    image: dict[str, float | None]
    rows: list[dict]


def score_raters(folder: Path, case: Case, config: Config, grid: Volume, found: CaseMaps) -> RaterScores:
    """Compare a case's label, maps and samples with each of its raters, on the label's ``grid``.

    Raises:
        DataError: a rater's label is not on the grid. RunError: damaged samples.
    """
    classes = len(config.data.classes)
    labels = read_rater_labels(case, grid, classes, config.data.label_values)
    samples = read_samples(folder, classes) if (folder / STORED).is_file() else None
    structures, rows = {}, []
    for name, members in config.data.structures.items():
        masks = _Masks(np.isin(found.label, members), np.isin(labels, members), _on_grid(samples, members, grid))
        structures[name] = masks.metrics()
        rows += [
            {"case": case.id, "class": name, "rater": rater, **row}
            for rater, row in zip(case.raters, masks.rows(grid.voxel_volume), strict=True)
        ]
    apart = rater_disagreement(labels, classes)
    image = {f"ncc_{name}": normalized_cross_correlation(values, apart) for name, values in found.maps.items()}
    return RaterScores(structures, image, rows)


def _on_grid(samples: StoredSamples | None, classes: list[int], grid: Volume) -> np.ndarray | None:
    """Every sample's mask of a structure on another grid than the network's, ``[T, X, Y, Z]`` bool."""
    if samples is None:
        return None
    masks: SampleMasks = samples.of_classes(classes)
    return np.stack(
        [onto_grid(samples.grid.with_array(mask.astype(np.float32)), grid).array > _HALF for mask in masks.unpacked()]
    )


@dataclass(frozen=True)
class _Masks:
    """One structure: predicted ``[X, Y, Z]``, by raters ``[R, X, Y, Z]``, and of samples ``[T, X, Y, Z]`` where they were kept."""

    label: np.ndarray
    raters: np.ndarray
    samples: np.ndarray | None

    def metrics(self) -> dict[str, float | None]:
        found = {"dice_raters": float(self._dice().mean()), "rater_dice": rater_dice(self.raters)}
        if self.samples is None:
            return found
        covered = float(volumes_covered(self.samples, self.raters).mean())
        unbiased = unbiased_energy_distance(self.samples, self.raters)
        distances = {"ged": energy_distance(self.samples, self.raters), "ged_unbiased": unbiased}
        return found | distances | {"volumes_covered": covered}

    def rows(self, voxel_volume: float) -> list[dict]:
        """Of each rater: the label's Dice, the volume, and whether samples cover it."""
        rows = [
            {"dice": float(dice), "volume_mm3": float(np.count_nonzero(mask) * voxel_volume)}
            for dice, mask in zip(self._dice(), self.raters, strict=True)
        ]
        if self.samples is None:
            return rows
        return [row | {"covered": int(c)} for row, c in zip(rows, volumes_covered(self.samples, self.raters), strict=True)]

    def _dice(self) -> np.ndarray:
        return dice_matrix(self.label[None], self.raters)[0]


def rater_summary(rows: list[dict]) -> dict[str, dict]:
    """Of each rater over the cases that it labelled: how many, and mean Dice of the label by class."""
    raters = dict.fromkeys(row["rater"] for row in rows)
    return {rater: _by_class([row for row in rows if row["rater"] == rater]) for rater in raters}


def _by_class(rows: list[dict]) -> dict:
    classes = dict.fromkeys(row["class"] for row in rows)
    dice = {name: mean_of([row["dice"] for row in rows if row["class"] == name]) for name in classes}
    return {"cases": len({row["case"] for row in rows}), "dice": dice}
