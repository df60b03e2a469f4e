"""STAPLE: the label that T samples agree on, each weighed by what it is found to be worth (NumPy).

Every sample is taken for a rater. Expectation maximization estimates, from all voxels of a case,
how often rater t says j where the truth is k, θ_t(j | k), and the probability of the truth at each
voxel, W(k) ∝ π(k) Π_t θ_t(d_t | k). π are the shares of all decisions, one for the whole case. For
two classes θ are sensitivities and specificities.

Voxels with the same T decisions have the same W. So memory holds the different patterns of
decisions and, of each voxel, the number of its pattern, but no array of T decisions a voxel.

References:
    Warfield et al. 2004, Simultaneous truth and performance level estimation (STAPLE).
    Rohlfing et al. 2004, Performance-based classifier combination in atlas-based image segmentation
        using expectation-maximization parameter estimation (several classes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfuq.measures.sample_masks import PackedBits

_FIRST_TRUST = 0.99999  # that each rater is right, before the first iteration
_MOST_ITERATIONS = 200
_CONVERGED = 1e-7  # change of the largest number of θ
_BLOCK = 2**14  # bytes of a mask that are looked at at once


@dataclass(frozen=True)
class Staple:
    """What STAPLE makes of the samples of a case.

    Attributes:
        pattern: number of each voxel's pattern of decisions, int32 ``[n, voxels]``.
        posterior: W of each pattern, float32 ``[patterns, K]``; 0 of one that no voxel has.
        performance: θ, ``[T, K, K]``: sample, what it says, truth.
    """

    pattern: np.ndarray
    posterior: np.ndarray
    performance: np.ndarray

    def probability(self, k: int) -> np.ndarray:
        """W(k) of each voxel, float32 ``[n, voxels]``."""
        values: np.ndarray = self.posterior[self.pattern, k]
        return values


def staple(packed: PackedBits, voxels: int) -> Staple:
    """Estimate the truth behind samples.

    Args:
        packed: masks of every foreground class, ``[n, T, K−1, bytes]``, see
            `tfuq.measures.sample_masks`.
        voxels: of an example.
    """
    patterns = _Patterns(packed, voxels)
    counts = np.array(patterns.counts, float)
    classes = packed.shape[2] + 1
    posterior = np.zeros((len(counts), classes), np.float32)
    # A pattern that no voxel has may fit no class: where a sample is foreground everywhere, that of
    # background alone.
    present = np.flatnonzero(counts)
    posterior[present], performance = estimate(
        patterns.decisions()[:, present], counts[present], classes
    )
    return Staple(patterns.numbers, posterior, performance)


def estimate(
    decisions: np.ndarray, counts: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Expectation maximization over patterns of decisions.

    Args:
        decisions: classes ``[T, patterns]``.
        counts: voxels of each pattern, ``[patterns]``, above 0.
        classes: K.

    Returns:
        W ``[patterns, K]``, and θ ``[T, K, K]``.
    """
    samples = len(decisions)
    shares = [np.bincount(row, counts, classes) for row in decisions]
    prior = np.sum(shares, 0) / (samples * counts.sum())
    performance = np.full((samples, classes, classes), (1 - _FIRST_TRUST) / (classes - 1))
    performance[:, range(classes), range(classes)] = _FIRST_TRUST
    posterior = _truth(decisions, prior, performance)
    for _ in range(_MOST_ITERATIONS):
        updated = _performance(decisions, counts[:, None] * posterior, performance)
        change = np.abs(updated - performance).max()
        performance = updated
        posterior = _truth(decisions, prior, performance)
        if change < _CONVERGED:
            break
    return posterior, performance


def _truth(decisions: np.ndarray, prior: np.ndarray, performance: np.ndarray) -> np.ndarray:
    """W of each pattern, ``[patterns, K]``."""
    with np.errstate(divide="ignore"):  # log 0 = −∞: it cannot be that class
        logarithm = np.log(prior) + np.zeros((decisions.shape[1], 1))
        log_performance = np.log(performance)
    for said, of_sample in zip(decisions, log_performance, strict=True):
        logarithm += of_sample[said]
    logarithm -= logarithm.max(1, keepdims=True)
    likelihood = np.exp(logarithm)
    truth: np.ndarray = likelihood / likelihood.sum(1, keepdims=True)
    return truth


def _performance(decisions: np.ndarray, weights: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """θ that W gives; that of a class that no voxel has stays what it was.

    Args:
        decisions: ``[T, patterns]``.
        weights: voxels of each pattern and true class, ``[patterns, K]``.
        earlier: θ before.
    """
    totals = weights.sum(0)
    performance = earlier.copy()
    for t, said in enumerate(decisions):
        for k in np.flatnonzero(totals > 0):
            performance[t, :, k] = np.bincount(said, weights[:, k], len(totals)) / totals[k]
    return performance


class _Patterns:
    """The different patterns of T decisions in a case; number 0 is that of background alone.

    Attributes:
        numbers: of each voxel's pattern, int32 ``[n, voxels]``.
        counts: voxels of each pattern.
    """

    def __init__(self, packed: PackedBits, voxels: int) -> None:
        self._packed = packed
        examples, samples, _, size = packed.shape
        self.numbers = np.zeros((examples, voxels), np.int32)
        self._known = {bytes(samples): 0}
        self.counts = [0]
        for example in range(examples):
            for start in range(0, size, _BLOCK):
                self._add(example, start, min(start + _BLOCK, size), voxels)

    def decisions(self) -> np.ndarray:
        """The class that each sample says in each pattern, uint8 ``[T, patterns]``."""
        joined = b"".join(self._known)
        by_pattern = np.frombuffer(joined, np.uint8).reshape(len(self._known), -1)
        return np.ascontiguousarray(by_pattern.T)

    def _add(self, example: int, start: int, stop: int, voxels: int) -> None:
        """Look at some bytes of an example's masks."""
        first = 8 * start
        said = self._said(example, start, stop)[: voxels - first]
        is_foreground = said.any(1)
        self.counts[0] += int(np.count_nonzero(~is_foreground))
        if not is_foreground.any():
            return
        unique, numbers, counts = np.unique(
            said[is_foreground], axis=0, return_inverse=True, return_counts=True
        )
        known = [self._number(row.tobytes()) for row in unique]
        for number, count in zip(known, counts, strict=True):
            self.counts[number] += int(count)
        block = self.numbers[example, first : first + len(said)]
        block[is_foreground] = np.array(known, np.int32)[numbers.ravel()]

    def _said(self, example: int, start: int, stop: int) -> np.ndarray:
        """The class that each sample says of each voxel, uint8 ``[voxels, T]``."""
        _, samples, classes, _ = self._packed.shape
        said = np.zeros((8 * (stop - start), samples), np.uint8)
        for t in range(samples):
            for k in range(classes):
                mask = self._packed[example, t, k, start:stop]
                said[:, t] += np.uint8(k + 1) * np.unpackbits(mask, bitorder="little")
        return said

    def _number(self, pattern: bytes) -> int:
        number = self._known.setdefault(pattern, len(self._known))
        if number == len(self.counts):
            self.counts.append(0)
        return number
