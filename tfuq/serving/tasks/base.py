"""What a server answers for a task, and the table of tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.config.registry import Registry
from tfuq.data.preprocessing import Box
from tfuq.prediction import AnyPredictor
from tfuq.serving.description import Export
from tfuq.serving.expectation import Asked, Output

Tensors = dict[str, tf.Tensor]
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class PageWords:
    """What the README of an export says of a task.

    Attributes:
        inputs: what a client reads, in the plural.
        example: the name of such a file.
        sizes: how the graph takes images of any size; empty where the client resamples them.
        answers: what the outputs are.
    """

    inputs: str
    example: str
    sizes: str
    answers: str


@dataclass(frozen=True, kw_only=True)
class ServedTask:
    """What a server answers for a task, by the names of files and columns of ``tfuq predict``.

    Attributes:
        outputs: makes the function of the graph from statistics of the samples to outputs, from
            the configuration and the uncertainty measures that mean something at this number of
            samples.
        expected: what each output must be.
        named: makes the outputs by NumPy, from a predictor, its record of the samples, and the part
            of each example that is not padding.
        words: what the README of an export says.
    """

    outputs: Callable[[Config, Sequence[str]], Callable[[Tensors], Tensors]]
    expected: Callable[[Asked], dict[str, Output]]
    named: Callable[[AnyPredictor, Any, Box], Arrays]
    words: Callable[[Export], PageWords]


SERVED: Registry[ServedTask] = Registry("task that is served")


def words_of_classes(export: Export) -> str:
    """What the outputs of a task of classes are."""
    classes = ", ".join(export.classes)
    return f"Classes, along the last axis of `probability`: {classes}. Measures are in nats."


def chosen(statistics: Tensors, measures: Sequence[str]) -> Tensors:
    """The probabilities, and some measures."""
    return {name: statistics[name] for name in ("probability", *measures)}
