"""What a reducer is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import tensorflow as tf

State = Any
Shape = Sequence  # of one sample's p: scalar tensors, the channels a plain number


class Reducer(Protocol):
    """``initialize(shape of p, T) → state``; ``update(state, p, t) → state`` for t = 0 … T−1; ``finalize``."""

    def initialize(self, shape: Shape, samples: tf.Tensor) -> State: ...

    def update(self, state: State, p: tf.Tensor, t: tf.Tensor) -> State: ...

    def finalize(self, state: State, samples: tf.Tensor) -> dict[str, tf.Tensor]: ...


class LastSample:
    """The last sample as it is, ``sample``: all there is to know of a network that draws nothing."""

    def initialize(self, shape, samples):
        return tf.zeros(shape)

    def update(self, state, p, t):
        return p

    def finalize(self, state, samples):
        return {"sample": state}
