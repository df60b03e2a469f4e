"""Where a predicted case and its samples stand among several raters.

Masks are compared on the image's own grid, on which the raters marked them. Scores that need
samples are there where the samples were kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case, read_rater_labels
from tfuq.data.regridding import onto_grid
from tfuq.data.volume import Volume
from tfuq.measures.sample_masks import STORED, StoredSamples, read_samples
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
from tfuq.scoring.rows import Row, column, distinct, mean_of, rows_of

_HALF = 0.5


@dataclass(frozen=True, kw_only=True)
class RaterScores:
    """Scores of a case against its raters.

    Attributes:
        structures: metrics of each structure.
        image: metrics of the image, ``ncc_<map>``.
        rows: of ``raters.csv``, a class and rater each.
    """

    structures: dict[str, Row]
    image: dict[str, float | None]
    rows: list[Row]


def score_raters(
    folder: Path,
    case: Case,
    config: Config,
    grid: Volume,
    maps: CaseMaps,
) -> RaterScores:
    """Compare a case's label, maps and samples with each of its raters.

    Args:
        folder: of the case.
        case: with its raters.
        config: of the run.
        grid: the predicted label, on whose grid they are compared.
        maps: the predicted case.

    Raises:
        DataError: a rater's label is not on the grid.
        RunError: damaged samples.
    """
    classes = len(config.data.classes)
    labels = read_rater_labels(case, grid, classes, config.data.label_values)
    samples = None
    if (folder / STORED).is_file():
        samples = read_samples(folder, classes)
    structures = {}
    rows = []
    for name, members in config.data.structures.items():
        masks = _Masks(
            label=np.isin(maps.label, members),
            raters=np.isin(labels, members),
            samples=_on_grid(samples, members, grid),
        )
        structures[name] = masks.metrics()
        for rater, row in zip(case.raters, masks.rows(grid.voxel_volume), strict=True):
            rows.append({"case": case.id, "class": name, "rater": rater, **row})
    disagreement = rater_disagreement(labels, classes)
    image = {}
    for name, values in maps.maps.items():
        image[f"ncc_{name}"] = normalized_cross_correlation(values, disagreement)
    return RaterScores(structures=structures, image=image, rows=rows)


def _on_grid(
    samples: StoredSamples | None,
    classes: Sequence[int],
    grid: Volume,
) -> np.ndarray | None:
    """Every sample's mask of a structure on another grid than the network's.

    It is ``[T, X, Y, Z]`` bool.
    """
    if samples is None:
        return None
    masks = []
    for mask in samples.of_classes(classes).unpacked():
        shares = samples.grid.with_array(mask.astype(np.float32))
        masks.append(onto_grid(shares, grid).array > _HALF)
    return np.stack(masks)


@dataclass(frozen=True, kw_only=True)
class _Masks:
    """One structure, bool.

    Attributes:
        label: predicted ``[X, Y, Z]``.
        raters: by raters ``[R, X, Y, Z]``.
        samples: of samples ``[T, X, Y, Z]``; None where they were not kept.
    """

    label: np.ndarray
    raters: np.ndarray
    samples: np.ndarray | None

    def metrics(self) -> dict[str, float | None]:
        metrics = {
            "dice_raters": float(self._dice().mean()),
            "rater_dice": rater_dice(self.raters),
        }
        if self.samples is None:
            return metrics
        covered = volumes_covered(self.samples, self.raters)
        return {
            **metrics,
            "ged": energy_distance(self.samples, self.raters),
            "ged_unbiased": unbiased_energy_distance(self.samples, self.raters),
            "volumes_covered": float(covered.mean()),
        }

    def rows(self, voxel_volume: float) -> list[Row]:
        """Of each rater: the label's Dice, the volume, and whether samples cover it."""
        rows: list[Row] = []
        for dice, mask in zip(self._dice(), self.raters, strict=True):
            volume = np.count_nonzero(mask) * voxel_volume
            rows.append({"dice": float(dice), "volume_mm3": float(volume)})
        if self.samples is not None:
            covered = volumes_covered(self.samples, self.raters)
            for row, is_covered in zip(rows, covered, strict=True):
                row["covered"] = int(is_covered)
        return rows

    def _dice(self) -> np.ndarray:
        """Dice of the label with each rater, ``[R]``."""
        scores: np.ndarray = dice_matrix(self.label[None], self.raters)[0]
        return scores


def rater_summary(rows: Sequence[Row]) -> dict[str, Row]:
    """Of each rater over the cases that it labelled: how many, and mean Dice by class.

    Args:
        rows: of ``raters.csv``.
    """
    raters = distinct(rows, "rater")
    return {rater: _summary_of_rater(rows_of(rows, "rater", rater)) for rater in raters}


def _summary_of_rater(rows: Sequence[Row]) -> Row:
    dice = {}
    for name in distinct(rows, "class"):
        dice[name] = mean_of(column(rows_of(rows, "class", name), "dice"))
    return {"cases": len(distinct(rows, "case")), "dice": dice}
