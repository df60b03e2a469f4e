"""What every task answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.dataset import Examples, TrainingSet, make_preprocessor
from tfuq.data.preprocessing import Preprocessor, Statistics
from tfuq.reducers import Reducer

Load = Callable[[Config, Preprocessor, Case], Examples]
Statistic = dict[str, tf.Tensor]
TaskLoss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


class Task(Protocol):
    """A task, as a set of functions of a configuration."""

    def unit(self, config: Config) -> str:
        """What a term of the likelihood is."""

    def outputs(self, config: Config) -> int:
        """Channels of the network's output."""

    def activation(self, config: Config) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
        """From the network's outputs to a sample, as `tfuq.windows.Activation` has it."""

    def training_set(self, config: Config, cases: list[Case], statistics: Statistics | None) -> TrainingSet:
        """The training examples."""

    def validation(
        self, config: Config, cases: list[Case], training: TrainingSet, statistics: Statistics | None
    ) -> list[Examples]:
        """Examples to validate on, in groups that are averaged with equal weight."""

    def loss(self, config: Config, training: TrainingSet) -> TaskLoss:
        """``(targets, network's outputs, seed) → [N]``."""

    def outputs_of(self, config: Config, sample: np.ndarray) -> tf.Tensor:
        """Outputs whose loss is that of a sample, which may have been blended from windows."""

    def quality(self, config: Config, sample: np.ndarray, targets: np.ndarray) -> float:
        """The figure of merit (`tfuq.config.TASK_RULES` names it) of a group of examples; NaN where it has none."""

    def reducers(self, config: Config) -> Sequence[Reducer]:
        """What is gathered from the samples."""

    def finish(self, statistics: Statistic) -> Statistic:
        """What a prediction returns of that."""


def one_group(load: Load, config: Config, cases: list[Case], training: TrainingSet, statistics) -> list[Examples]:
    """The examples of all cases as one batch, which is quicker to go through than case by case: they have one shape."""
    preprocessor = make_preprocessor(config, statistics)
    parts = [training.checked(case, load(config, preprocessor, case)) for case in cases]
    if not parts:
        return []
    return [Examples(np.concatenate([p.images for p in parts]), np.concatenate([p.targets for p in parts]))]
