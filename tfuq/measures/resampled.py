"""Voxel-level maps on another grid than the network's (NumPy).

A map is a function of means over samples, and most of these functions are not linear: the entropy
of a mean of neighbours is not the mean of their entropies. So the means are interpolated, and the
maps are made of them on the new grid.

* ``predictive_entropy`` is H of the interpolated probability. That is the mean of the interpolated
  samples, so this is exact.
* ``mutual_information`` is itself a mean over samples, of KL(p_t ‖ p̄), and is interpolated. The rest
  of the predictive entropy is ``expected_entropy``. Between two voxels that differ, entropy rises in
  every sample alike. This rise is no disagreement of samples, so it counts as expected: equal
  samples have mutual information 0 on any grid. KL is convex (Cover & Thomas 2006, theorem 2.7.2),
  so the interpolated samples have at most this mutual information.
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
    """Brings an array of the network's grid onto the new one, with 0 beyond it.

    It is interpolated, or each voxel has the value of the nearest.
    """

    def __call__(self, array: np.ndarray, *, nearest: bool = False) -> np.ndarray: ...


def resampled_maps(
    drawn: Mapping[str, np.ndarray],
    probability: np.ndarray,
    onto: Onto,
    *,
    several: bool,
) -> dict[str, np.ndarray]:
    """The uncertainty maps that belong to a probability on a new grid.

    Beside the maps that are returned, a few arrays of one channel are in memory at a time.

    Args:
        drawn: by name on the network's grid, what `tfuq.measures.voxel.voxel_maps` gives, and ``variance [X, Y, Z, K]``.
        probability: the mean of the samples on the new grid, ``[X', Y', Z', K]``.
        onto: the way from the one grid to the other.
        several: whether there are samples to compare; if not, the predictive entropy (nat) is all there is.

    Returns:
        Maps ``[X', Y', Z']`` by the names of `tfuq.measures.voxel.UNCERTAINTY_MAPS`.
    """
    predictive = entropy(probability)
    if not several:
        return {"predictive_entropy": predictive}
    mutual = np.minimum(onto(drawn["mutual_information"]), predictive)  # equal at most, but for rounding
    return {
        "predictive_entropy": predictive,
        "expected_entropy": predictive - mutual,
        "mutual_information": mutual,
        "variation_ratio": onto(drawn["variation_ratio"], nearest=True),
        "standard_deviation": _deviation_of_label(drawn["variance"], probability.argmax(-1), onto),
    }


def entropy(p: np.ndarray) -> np.ndarray:
    """H[p] over the last axis (nat), class by class, so that no second array of all classes is made."""
    found = np.zeros(p.shape[:-1], p.dtype)
    for k in range(p.shape[-1]):
        q = np.clip(p[..., k], 0, 1)  # it may have been rounded to just beyond
        found -= xlogy(q, q)
    return found + 0.0  # no -0


def between_members(members: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Variance of the members' probabilities ``[*S, K]`` about their mean, meaned over classes: ``[*S]``.

    Args:
        members: each member's probabilities.
        weights: each member's share of the samples, ``[M]``; they add up to 1.
    """
    classes = members[0].shape[-1]
    total = np.zeros(members[0].shape[:-1], members[0].dtype)
    for k in range(classes):
        centre = sum(w * p[..., k] for w, p in zip(weights, members, strict=True))
        total += sum(w * np.square(p[..., k] - centre) for w, p in zip(weights, members, strict=True))
    return total / classes


def _deviation_of_label(variance: np.ndarray, label: np.ndarray, onto: Onto) -> np.ndarray:
    found = np.zeros(label.shape, variance.dtype)
    for k in np.unique(label):
        found = np.where(label == k, onto(variance[..., k]), found)
    return np.sqrt(found)
