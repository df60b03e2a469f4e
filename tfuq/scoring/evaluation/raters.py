"""Where a predicted case and its samples stand among several raters.

Masks are compared on the image's own grid, on which the raters marked them. Scores that need
samples are there where the samples were kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from tfuq.config import Config
from tfuq.data.cases import Case, read_rater_labels
from tfuq.data.volume import Volume
from tfuq.measures.sample_masks import STORED, StoredSamples, read_samples
from tfuq.scoring.evaluation.kept_samples import masks_on_grid
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
from tfuq.scoring.rows import Row, column, distinct, grouped, mean_of

_VALUES = 256  # of a label map


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
        masks = _masks_of(maps.label, labels, _on_grid(samples, members, grid), members)
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

    Its voxels are bits, ``[T, bytes]``.
    """
    if samples is None:
        return None
    return np.stack([np.packbits(mask) for mask in masks_on_grid(samples, classes, grid)])


def _masks_of(
    label: np.ndarray,
    raters: np.ndarray,
    samples: np.ndarray | None,
    classes: Sequence[int],
) -> _Masks:
    """The masks of a structure, cut to the box that has all of them.

    Args:
        label: predicted classes ``[X, Y, Z]``.
        raters: classes by raters ``[R, X, Y, Z]``.
        samples: those of `_on_grid`.
        classes: of the structure.
    """
    is_member = np.zeros(_VALUES, bool)
    is_member[list(classes)] = True
    anywhere = is_member[label]
    for of_rater in raters:
        anywhere |= is_member[of_rater]
    if samples is not None:
        union = np.bitwise_or.reduce(samples, axis=0)
        anywhere |= _unpacked(union, label.shape)
    box = _box_of(anywhere)
    of_samples = None
    if samples is not None:
        of_samples = np.stack([_unpacked(packed, label.shape)[box] for packed in samples])
    return _Masks(
        label=is_member[label[box]],
        raters=is_member[raters[(slice(None), *box)]],
        samples=of_samples,
    )


def _unpacked(packed: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    bits = np.unpackbits(packed, count=math.prod(shape))
    return bits.view(bool).reshape(shape)


def _box_of(mask: np.ndarray) -> tuple[slice, ...]:
    """The box of a mask; that of a voxel where it is empty."""
    boxes = ndimage.find_objects(mask.view(np.uint8), 1)
    return boxes[0] or (slice(0, 1),) * mask.ndim


@dataclass(frozen=True, kw_only=True)
class _Masks:
    """One structure, bool, in the box of all its masks.

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
    by_rater = grouped(rows, "rater")
    return {rater: _summary_of_rater(of_rater) for rater, of_rater in by_rater.items()}


def _summary_of_rater(rows: Sequence[Row]) -> Row:
    dice = {}
    for name, of_class in grouped(rows, "class").items():
        dice[name] = mean_of(column(of_class, "dice"))
    return {"cases": len(distinct(rows, "case")), "dice": dice}
