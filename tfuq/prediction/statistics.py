"""Statistics of samples: what a predictor samples with, and batches that go through it in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfuq.sampling.memory import memory_errors

Drawn = dict[str, np.ndarray]  # statistics of the samples, by name
Row = dict[str, Any]  # of a table: text, numbers, or None


class Sampling(Protocol):
    """What a predictor samples with: a `Sampler`, or one that is elsewhere."""

    def sample(
        self,
        images: np.ndarray,
        seed: tf.Tensor,
        samples: tf.Tensor,
    ) -> Mapping[str, tf.Tensor | np.ndarray]:
        """Take samples.

        Args:
            images: Examples ``[n, *S, C]``.
            seed: int32 ``[2]``.
            samples: T, int32 scalar.

        Returns:
            Statistics of the samples by name.
        """


def sample_in_batches(
    sampler: Sampling,
    examples: np.ndarray,
    *,
    batch: int,
    seed: int,
    samples: int,
) -> Drawn:
    """Sample the networks on one batch after another.

    Args:
        sampler: Takes the samples.
        examples: ``[n, *S, C]``.
        batch: How many examples go through the graph at once.
        seed: The seed of the samples.
        samples: T, how many samples.

    Returns:
        Statistics by name, ``[n, …]`` each.

    Raises:
        MemoryError: Tensors do not fit into memory.
    """
    seed_pair = tf.constant([seed, 0], tf.int32)
    count = tf.constant(samples)
    batches = []
    with memory_errors():
        for start in range(0, len(examples), batch):
            images = examples[start : start + batch]
            batches.append(sampler.sample(images, seed_pair, count))
    return _concatenated(batches)


def _concatenated(batches: Sequence[Mapping[str, tf.Tensor | np.ndarray]]) -> Drawn:
    statistics = {}
    for name in batches[0]:
        arrays = [np.asarray(batch[name]) for batch in batches]
        statistics[name] = np.concatenate(arrays)
    return statistics
