"""Voxel-level maps on another grid than the network's (NumPy).

A map is a function of means over samples, and most of these functions are not linear: the entropy
of a mean of neighbours is not the mean of their entropies. So the means are interpolated, and the
maps are made from them on the new grid.

* ``predictive_entropy`` is H of the interpolated probability. That is the mean of the interpolated
  samples, so this is exact.
* ``mutual_information`` is itself a mean over samples, of KL(p_t ‖ p̄), and is interpolated. The
  rest of the predictive entropy is ``expected_entropy``. Between two voxels that differ, entropy
  rises in every sample alike. This rise is no disagreement of samples, so it counts as expected:
  equal samples have mutual information 0 on any grid. KL is convex (Cover & Thomas 2006, theorem
  2.7.2), so the interpolated samples have at most this mutual information.
* ``standard_deviation`` is the root of the interpolated variance of the class that the label has on
  the new grid. It too is 0 where samples are equal, and at least that of the interpolated samples.
* ``variation_ratio`` counts votes, and votes are whole. A sample's label comes from the nearest
  voxel, as labels are resampled everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

_PLANES = 16  # along the first axis, that are worked on at once


class RunningLabel:
    """The likeliest class of each voxel, of probabilities that come one class after another."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Begin before the first class.

        Args:
            shape: Of a class's probability, ``(X, Y, Z)``.
        """
        self._best = np.full(shape, -np.inf, np.float32)
        self._label = np.zeros(shape, np.uint8)

    def add(self, k: int, probability: np.ndarray) -> None:
        """Add class k, which is the next one.

        Args:
            k: Number of the class.
            probability: ``[X, Y, Z]``.
        """
        self._label[probability > self._best] = k
        np.maximum(self._best, probability, out=self._best)

    @property
    def label(self) -> np.ndarray:
        """The first of the likeliest classes, uint8 ``[X, Y, Z]``."""
        return self._label


class RunningEntropy:
    """H[p] of probabilities that come one class after another."""

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> None:
        """Begin before the first class.

        Args:
            shape: Of a class's probability, ``(X, Y, Z)``.
            dtype: Of the sum.
        """
        self._total = np.zeros(shape, dtype)

    def add(self, probability: np.ndarray) -> None:
        """Add the next class.

        Args:
            probability: ``[X, Y, Z]``.
        """
        for start in range(0, len(probability), _PLANES):
            planes = slice(start, start + _PLANES)
            clipped = np.clip(probability[planes], 0, 1)  # it may have been rounded to just beyond
            self._total[planes] -= xlogy(clipped, clipped)

    @property
    def entropy(self) -> np.ndarray:
        """``[X, Y, Z]`` in nat."""
        return self._total + 0.0  # no -0


def entropy(p: np.ndarray) -> np.ndarray:
    """H[p] over the last axis, in nat."""
    running = RunningEntropy(p.shape[:-1], p.dtype)
    for k in range(p.shape[-1]):
        running.add(p[..., k])
    return running.entropy


class RunningBetweenMembers:
    """Variance of members' probabilities about their mean, of one class after another."""

    def __init__(self, weights: np.ndarray, shape: tuple[int, ...]) -> None:
        """Begin before the first class.

        Args:
            weights: Each member's share of the samples, ``[M]``; they add up to 1.
            shape: Of a member's probability of a class, ``(X, Y, Z)``.
        """
        self._weights = weights
        self._total = np.zeros(shape, np.float32)
        self._classes = 0

    def add(self, members: Sequence[np.ndarray]) -> None:
        """Add the next class.

        Args:
            members: Each member's probability, ``[X, Y, Z]``.
        """
        centre = self._weighted_sum(members)
        self._total += self._weighted_sum([np.square(p - centre) for p in members])
        self._classes += 1

    def _weighted_sum(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        total: np.ndarray = self._weights[0] * arrays[0]
        for weight, array in zip(self._weights[1:], arrays[1:], strict=True):
            total += weight * array
        return total

    @property
    def mean(self) -> np.ndarray:
        """The variance averaged over classes, ``[X, Y, Z]``."""
        return self._total / self._classes


def deviation_of_label(variance_of: Callable[[int], np.ndarray], label: np.ndarray) -> np.ndarray:
    """Standard deviation of the class that each voxel's label has.

    Args:
        variance_of: Over samples, of a class's probability on the label's grid, ``[X, Y, Z]``.
        label: ``[X, Y, Z]``.
    """
    of_label = np.zeros(label.shape, np.float32)
    for k in np.unique(label):
        np.copyto(of_label, variance_of(int(k)), where=label == k, casting="same_kind")
    deviation: np.ndarray = np.sqrt(of_label)
    return deviation
