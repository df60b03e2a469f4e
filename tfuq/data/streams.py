"""Random streams of one member's training.

There is a generator each for its subset, the order of an epoch, and every example.

NumPy pads a seed of few numbers with zeros, so that ``[s, 1]`` and ``[s, 1, 0]`` are one stream. An
example is therefore told apart by a spawn key, which is appended after the padding.
"""

from __future__ import annotations

import numpy as np


def subset_stream(seed: int) -> np.random.Generator:
    """Make the stream that chooses the examples of a member; ``seed`` is the member's."""
    return np.random.default_rng([seed, 0])


def order_stream(seed: int, epoch: int) -> np.random.Generator:
    """Make the stream that orders the examples of an epoch, counted from 0."""
    return np.random.default_rng([seed, epoch + 1])


def example_stream(seed: int, epoch: int, position: int) -> np.random.Generator:
    """Make the stream that cuts and augments one example.

    Args:
        seed: The member's seed.
        epoch: Counted from 0.
        position: In the epoch's order, counted from 0.
    """
    sequence = np.random.SeedSequence([seed, epoch + 1], spawn_key=(position,))
    return np.random.default_rng(sequence)
