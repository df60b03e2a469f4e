"""Sizes and conditions that may be known while a graph is made.

The plain graph takes images of any size, and decides while it runs. A graph that XLA compiles is
made for one size: what is known there needs no operation, and of two branches one is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tensorflow as tf

T = TypeVar("T")


def size_of(tensor: tf.Tensor, axis: int) -> int | tf.Tensor:
    """Size along an axis: a number where it is known, else an int32 scalar."""
    known: int | None = tensor.shape[axis]
    if known is not None:
        return known
    return tf.shape(tensor)[axis]


def choose(condition: bool | tf.Tensor, if_true: Callable[[], T], if_false: Callable[[], T]) -> T:
    """One of two results, in the graph where the condition is not known.

    Args:
        condition: a truth value, or a bool scalar.
        if_true: makes the result where it holds.
        if_false: makes the result where it does not.
    """
    if not isinstance(condition, bool):
        chosen: T = tf.cond(condition, if_true, if_false)
        return chosen
    if condition:
        return if_true()
    return if_false()
