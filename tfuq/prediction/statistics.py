"""What a predictor samples with, and batches that go through it in turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfuq.sampling.memory import memory_errors
from tfuq.tasks.records import S

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
    record: type[S],
    examples: np.ndarray,
    *,
    batch: int,
    seed: int,
    samples: int,
) -> S:
    """Sample the networks on one batch after another.

    Args:
        sampler: Takes the samples.
        record: What is made of their statistics.
        examples: ``[n, *S, C]``.
        batch: How many examples go through the graph at once.
        seed: The seed of the samples.
        samples: T, how many samples.

    Returns:
        The record of all n examples.

    Raises:
        MemoryError: Tensors do not fit into memory.
        RunError: The statistics are not those of the record.
    """
    seed_pair = tf.constant([seed, 0], tf.int32)
    count = tf.constant(samples)
    batches = []
    with memory_errors():
        for start in range(0, len(examples), batch):
            images = examples[start : start + batch]
            batches.append(record.of(sampler.sample(images, seed_pair, count)))
    return record.joined(batches)
