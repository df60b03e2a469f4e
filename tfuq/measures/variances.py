"""Aleatoric and epistemic variance of classes (NumPy).

Whether a voxel is of class k is 0 or 1, with variance p̄(1 − p̄) by the mean p̄ of the samples. By
the law of total variance that is the mean of p(1 − p) over samples, which each sample leaves open
(aleatoric), and the variance of p over samples, which they differ by (epistemic). Both are averaged
over the classes.

References:
    Kwon et al. 2020, Uncertainty quantification using Bayesian neural networks in classification.
"""

from __future__ import annotations

import numpy as np


class RunningVariances:
    """Both parts of the variance, of classes that come one after another."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Begin before the first class.

        Args:
            shape: Of a class's probability.
        """
        self._total = np.zeros(shape, np.float32)
        self._between_samples = np.zeros(shape, np.float32)
        self._classes = 0

    def add(self, probability: np.ndarray, variance: np.ndarray) -> None:
        """Add the next class.

        Args:
            probability: The mean of the samples.
            variance: Of the samples, over their number.
        """
        p = np.clip(probability, 0, 1)  # it may have been rounded to just beyond
        self._total += p * (1 - p)
        self._between_samples += variance
        self._classes += 1

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """Both parts by the names of `tfuq.measures.catalogue.OF_VARIANCES`."""
        rest = np.maximum(self._total - self._between_samples, 0)
        return {
            "aleatoric_variance": rest / self._classes,
            "epistemic_variance": self._between_samples / self._classes,
        }


def variance_parts(probability: np.ndarray, variance: np.ndarray) -> dict[str, np.ndarray]:
    """Both parts, of all classes at once.

    Args:
        probability: The mean of the samples, ``[…, K]``.
        variance: Of the samples, ``[…, K]``.
    """
    running = RunningVariances(probability.shape[:-1])
    for k in range(probability.shape[-1]):
        running.add(probability[..., k], variance[..., k])
    return running.parts
