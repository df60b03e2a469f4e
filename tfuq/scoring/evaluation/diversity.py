"""How much the members of an ensemble differ, of the probabilities that ``tfuq predict --save-members`` keeps."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.readers import read
from tfuq.data.stored import numbers, read_table
from tfuq.errors import RunError
from tfuq.results import MEMBER_VARIANCES, MEMBERS, PREDICTIONS, member_map
from tfuq.scoring.diversity import (
    error_correlation,
    gain_curve,
    mean_off_diagonal,
    pairwise_disagreement,
    pairwise_divergence,
    subsets,
)
from tfuq.scoring.evaluation.scores import mean_of
from tfuq.scoring.evaluation.voxels import CaseMaps, read_map
from tfuq.scoring.segmentation import dice

_AGAIN = "predict again with --save-members --overwrite"
_HIGHEST = 1 + 1e-4  # of a probability in a table, which has six digits


@dataclass
class Diversity:
    """Gathers cases of volumes (or all images at once), each of which counts alike. ``quality`` names what the curve shows."""

    quality: str
    _pairs: dict[str, list[np.ndarray]] = field(default_factory=dict)
    _curves: list[list[np.ndarray]] = field(default_factory=list)
    _variances: list[list[float]] = field(default_factory=list)

    def add(self, p: np.ndarray, y: np.ndarray, quality: Callable[[np.ndarray], float], variances: list[float]) -> None:
        """Add members' probabilities ``[M, n, K]`` with the true classes ``[n]`` and the means of `MEMBER_VARIANCES`.

        Raises:
            RunError: fewer members than before, or than two.
        """
        if len(p) < 2 or (self._curves and len(self._curves[0]) != len(p)):
            raise RunError(
                f"{len(p)} member(s) where {len(self._curves[0]) if self._curves else 'two or more'} are needed; {_AGAIN}"
            )
        tables = {"disagreement": pairwise_disagreement(p), "divergence": pairwise_divergence(p)}
        for name, table in (tables | {"error_correlation": error_correlation(p, y)}).items():
            self._pairs.setdefault(name, []).append(table)
        self._curves.append(gain_curve(p, y, quality))
        self._variances.append(variances)

    def summary(self) -> dict:
        """Means over cases and pairs of members, the two parts of the variance, and the curve of `curve_rows`."""
        pairs = {name: mean_off_diagonal(table) for name, table in self._means().items()}
        variances = dict(zip(MEMBER_VARIANCES, np.mean(self._variances, 0).tolist(), strict=True))
        return {"members": len(self._curves[0]), **pairs, **variances, "curve": self.curve_rows()}

    def enter(self, summary: dict, tables: dict[str, list[dict]], wanted: int) -> None:
        """Add what was gathered, if anything was, to a summary and to tables by name; ``wanted`` cases should have been.

        Raises:
            RunError: some cases have members, others not.
        """
        if self._curves and len(self._curves) != wanted:
            raise RunError(f"members were kept of {len(self._curves)} cases, and {wanted} were predicted; {_AGAIN}")
        if self._curves:
            summary["diversity"] = self.summary()
            tables.update(diversity=self.pair_rows(), member_curve=self.curve_rows())

    def pair_rows(self) -> list[dict]:
        """A row for each pair of members; a divergence is the mean of both directions."""
        means = self._means()
        return [
            {"member": a, "other": b} | {name: _present((table[a, b] + table[b, a]) / 2) for name, table in means.items()}
            for a, b in itertools.combinations(range(len(self._curves[0])), 2)
        ]

    def curve_rows(self) -> list[dict]:
        """A row for each number of members: quality and negative log-likelihood, meaned over cases and over subsets of so many
        members, their range over subsets, and what is gained over one member."""
        means = [np.mean(of_size, 0) for of_size in zip(*self._curves, strict=True)]
        one = means[0].mean(0)
        return [self._curve_row(size, found, one) for size, found in enumerate(means, start=1)]

    def _curve_row(self, size: int, found: np.ndarray, one: np.ndarray) -> dict:
        row: dict = {"members": size, "subsets": len(subsets(len(self._curves[0]), size))}
        for name, values, first, sign in zip((self.quality, "nll"), found.T, one, (1, -1), strict=True):
            row |= {name: float(values.mean()), f"{name}_lowest": float(values.min()), f"{name}_highest": float(values.max())}
            row[f"{name}_gain"] = float(sign * (values.mean() - first))
        return row

    def _means(self) -> dict[str, np.ndarray]:
        """Tables ``[M, M]`` meaned over the cases that define them."""
        return {name: _mean_of_defined(np.stack(tables)) for name, tables in self._pairs.items()}


def _mean_of_defined(tables: np.ndarray) -> np.ndarray:
    known = ~np.isnan(tables)
    sums, counts = np.where(known, tables, 0).sum(0), known.sum(0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _present(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def add_case(diversity: Diversity, folder: Path, found: list[CaseMaps], config: Config) -> None:
    """Add a case of volumes, where its members were kept, with every reference that it has; all voxels count alike, Dice is the mean
    over the foreground classes and references.

    Raises:
        DataError: a map that does not fit its label.
    """
    paths = sorted(folder.glob("member-*.nii.gz"))
    if not paths:
        return
    label, classes = read(folder / "label.nii.gz"), len(config.data.classes)
    maps = [read_map(folder / f"{member_map(k)}.nii.gz", label, 1.0, (classes,)) for k in range(len(paths))]
    variances = [float(read_map(folder / f"{name}.nii.gz", label, 1.0).mean()) for name in MEMBER_VARIANCES]
    truths = [of_one.truth.ravel().astype(int) for of_one in found]

    def mean_dice(chosen: np.ndarray) -> float:
        pairs = zip(np.split(chosen, len(truths)), truths, strict=True)
        return mean_of([dice(c == k, truth == k) for c, truth in pairs for k in range(1, classes)])

    members = np.stack([np.tile(p.reshape(-1, classes), (len(truths), 1)) for p in maps])
    diversity.add(members, np.concatenate(truths), mean_dice, variances)


def images_diversity(folder: Path, ids: list[str], rows: list[dict], y: np.ndarray, classes: list[str]) -> Diversity | None:
    """The diversity of members over all images, whose predictions are ``rows``; None where members were not kept.

    Raises:
        RunError: a damaged table, or one of other cases.
    """
    path = folder / MEMBERS
    if not path.is_file():
        return None
    columns = [f"probability_{name}" for name in classes]
    found: dict[str, list] = {case_id: [] for case_id in ids}
    table = read_table(path, ("case", "member", *columns), _AGAIN)
    values = np.stack([numbers(path, table, column, _AGAIN, low=0, high=_HIGHEST) for column in columns], -1)
    for row, of_member in zip(table, values, strict=True):
        found.setdefault(row["case"], []).append(of_member)
    counts = {len(members) for members in found.values()}
    if len(counts) > 1 or min(counts) < 2 or len(found) > len(ids) or MEMBER_VARIANCES[0] not in rows[0]:
        raise RunError(f"{path}: does not hold every member of the cases of its folder; {_AGAIN}")
    p = np.array([found[case_id] for case_id in ids], float).transpose(1, 0, 2)
    diversity = Diversity("accuracy")
    variances = [float(numbers(path.with_name(PREDICTIONS), rows, name, _AGAIN).mean()) for name in MEMBER_VARIANCES]
    diversity.add(p, y, lambda label: float((label == y).mean()), variances)
    return diversity
