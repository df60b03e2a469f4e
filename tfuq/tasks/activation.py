"""How a task makes a sample from a network's outputs."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

# Makes a sample from a network's outputs, the seed of noise, and the coordinates in their volumes
# at which the outputs begin (int32, [N, rank] or [1, rank]).
Activation = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
