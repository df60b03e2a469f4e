"""Scores of the probabilities of a scan's voxels, whose classes come one after another.

All K probabilities of a voxel are never at hand together. What needs them (the largest, and which
class has it) is kept as it is so far; all else is summed.
"""

from __future__ import annotations

import numpy as np

from tfuq.scoring.calibration import (
    BINS,
    LEAST_PROBABILITY,
    Bins,
    binned,
    binned_block,
)

_NONE = Bins(np.zeros(BINS, int), np.zeros(BINS), np.zeros(BINS))


class LargestProbability:
    """The largest probability of each voxel, and the first class that has it.

    Attributes:
        values: ``[n]``, float32 or float64.
        classes: ``[n]``, uint8.
    """

    def __init__(self, voxels: int, dtype: np.dtype) -> None:
        """Begin with no class.

        Args:
            voxels: n.
            dtype: of the probabilities.
        """
        self.values = np.full(voxels, -1, dtype)
        self.classes = np.zeros(voxels, np.uint8)

    def add(self, k: int, place: slice, p: np.ndarray) -> None:
        """Add a class at some voxels, after all lower classes.

        Args:
            k: its number.
            place: of the voxels.
            p: their probabilities of it, ``[m]``.
        """
        values = self.values[place]
        is_larger = p > values
        np.copyto(self.classes[place], k, where=is_larger)
        np.copyto(values, p, where=is_larger)


class VoxelSums:
    """What is summed over voxels that count alike.

    Attributes:
        voxels: how many they are.
    """

    def __init__(self, truth: np.ndarray, chosen: np.ndarray | None) -> None:
        """Begin with no class.

        Args:
            truth: true classes ``[n]``.
            chosen: which voxels count, bool ``[n]``; None for all.
        """
        self._truth = truth
        self._chosen = chosen
        self.voxels = truth.size
        if chosen is not None:
            self.voxels = int(np.count_nonzero(chosen))
        self._log_likelihood = 0.0
        self._squares = 0.0
        self._bins: dict[int, Bins] = {}

    def of_chosen(self, values: np.ndarray, place: slice = slice(None)) -> np.ndarray:
        """Values of voxels, of those that count.

        Args:
            values: ``[m]``.
            place: where the voxels are among all.
        """
        if self._chosen is None:
            return values
        of_chosen: np.ndarray = values[self._chosen[place]]
        return of_chosen

    def add(self, k: int, place: slice, p: np.ndarray) -> None:
        """Add a class at some voxels.

        Args:
            k: its number.
            place: of the voxels.
            p: their probabilities of it, ``[m]``.
        """
        wide = self.of_chosen(p, place).astype(np.float64)
        is_true = self.of_chosen(self._truth[place], place) == k
        true = wide[is_true]
        self._log_likelihood += float(np.log(np.maximum(true, LEAST_PROBABILITY)).sum())
        self._squares += _squares(wide) - _squares(true) + _squares(true - 1)
        bins = self._bins.get(k, _NONE)
        self._bins[k] = bins.plus(binned_block(wide, is_true))

    def errors(self, reliability: Bins) -> dict[str, float]:
        """Likelihood, Brier score and calibration error.

        Args:
            reliability: the voxels by confidence.
        """
        return {
            "nll": -self._log_likelihood / self.voxels,
            "brier": self._squares / self.voxels,
            "ece": reliability.mean_gap(),
        }

    def classwise_error(self) -> float:
        """See `tfuq.scoring.calibration.classwise_calibration_error`."""
        return float(np.mean([bins.mean_gap() for bins in self._bins.values()]))

    def reliability(self, largest: LargestProbability) -> Bins:
        """The voxels by confidence."""
        is_correct = largest.classes == self._truth
        return binned(self.of_chosen(largest.values), self.of_chosen(is_correct))


def _squares(values: np.ndarray) -> float:
    """The sum of squares, on one thread: blocks are too small for several."""
    return float(np.einsum("i,i->", values, values))
