"""The protocol of reducers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import tensorflow as tf

State = Any  # tensors, in any nested structure
Shape = Sequence[Any]  # of one sample's p: scalar tensors, the channels a plain number
SampleStatistics = dict[str, tf.Tensor]


class Reducer(Protocol):
    """Folds samples into a state, one after another, and makes statistics from the state."""

    def initialize(self, shape: Shape, samples: tf.Tensor) -> State:
        """The state before the first sample.

        Args:
            shape: of one sample's p.
            samples: T, int32 scalar.
        """

    def update(self, state: State, p: tf.Tensor, t: tf.Tensor) -> State:
        """The state after sample t.

        Args:
            state: the state before it.
            p: the sample.
            t: its index, 0 … T−1, int32 scalar.
        """

    def finalize(self, state: State, samples: tf.Tensor) -> SampleStatistics:
        """The statistics of all T samples, by name."""


@runtime_checkable
class PlacedReducer(Reducer, Protocol):
    """A reducer that knows voxels by their numbers."""

    def begin_part(self, first: int) -> None:
        """Prepare for a part of a volume, whose samples are a row of voxels ``[1, voxels, K]``.

        Args:
            first: number of the part's first voxel among the voxels of all examples.
        """


class LastSample:
    """The last sample as it is, ``sample``: it is enough for a network without randomness."""

    def initialize(self, shape: Shape, samples: tf.Tensor) -> tf.Tensor:
        return tf.zeros(shape)

    def update(self, state: tf.Tensor, p: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        return p

    def finalize(self, state: tf.Tensor, samples: tf.Tensor) -> SampleStatistics:
        return {"sample": state}
