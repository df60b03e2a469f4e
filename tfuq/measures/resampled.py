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

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from scipy.special import xlogy


class Onto(Protocol):
    """Brings an array from the network's grid to the new one, with 0 beyond it."""

    def __call__(self, array: np.ndarray, *, nearest: bool = False) -> np.ndarray:
        """Resample an array.

        Args:
            array: on the network's grid.
            nearest: whether each voxel has the value of the nearest one, instead of interpolating.
        """


def resampled_maps(
    maps: Mapping[str, np.ndarray],
    probability: np.ndarray,
    onto: Onto,
    *,
    several: bool,
) -> dict[str, np.ndarray]:
    """The uncertainty maps that belong to a probability on a new grid.

    Beside the maps that are returned, a few arrays of one channel are in memory at a time.

    Args:
        maps: on the network's grid, by name: the maps that `tfuq.measures.voxel.voxel_maps` makes,
            and ``variance [X, Y, Z, K]``.
        probability: the mean of the samples on the new grid, ``[X', Y', Z', K]``.
        onto: brings an array from the network's grid to the new one.
        several: whether there are samples to compare. If not, there is predictive entropy alone.

    Returns:
        Maps ``[X', Y', Z']`` by the names of `tfuq.measures.catalogue.OF_VOXELS`; entropies and
        mutual information are in nat.
    """
    predictive = entropy(probability)
    if not several:
        return {"predictive_entropy": predictive}
    # Rounding alone could make it larger than predictive entropy.
    mutual = np.minimum(onto(maps["mutual_information"]), predictive)
    label = probability.argmax(-1)
    return {
        "predictive_entropy": predictive,
        "expected_entropy": predictive - mutual,
        "mutual_information": mutual,
        "variation_ratio": onto(maps["variation_ratio"], nearest=True),
        "standard_deviation": _deviation_of_label(maps["variance"], label, onto),
    }


def entropy(p: np.ndarray) -> np.ndarray:
    """H[p] over the last axis, in nat.

    It adds class by class, so that there is no second array of all classes.
    """
    total = np.zeros(p.shape[:-1], p.dtype)
    for k in range(p.shape[-1]):
        q = np.clip(p[..., k], 0, 1)  # it may have been rounded to just beyond
        total -= xlogy(q, q)
    return total + 0.0  # no -0


def between_members(members: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Variance of the members' probabilities about their mean, averaged over classes.

    Args:
        members: each member's probabilities ``[*S, K]``.
        weights: each member's share of the samples, ``[M]``; they add up to 1.

    Returns:
        ``[*S]``.
    """
    shape = members[0].shape
    classes = shape[-1]
    total = np.zeros(shape[:-1], members[0].dtype)
    for k in range(classes):
        probabilities = [member[..., k] for member in members]
        centre = _weighted_sum(probabilities, weights)
        squares = [np.square(p - centre) for p in probabilities]
        total += _weighted_sum(squares, weights)
    mean: np.ndarray = total / classes
    return mean


def _weighted_sum(arrays: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    total: np.ndarray = weights[0] * arrays[0]
    for weight, array in zip(weights[1:], arrays[1:], strict=True):
        total = total + weight * array
    return total


def _deviation_of_label(variance: np.ndarray, label: np.ndarray, onto: Onto) -> np.ndarray:
    """Standard deviation, on the new grid, of the class that the label has there."""
    of_label = np.zeros(label.shape, variance.dtype)
    for k in np.unique(label):
        of_class = onto(variance[..., k])
        of_label = np.where(label == k, of_class, of_label)
    return np.sqrt(of_label)
