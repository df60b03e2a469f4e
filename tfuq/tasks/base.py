"""The protocol of tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.config.registry import Registry
from tfuq.data.cases import Case
from tfuq.data.preprocessing import Preprocessor, Statistics
from tfuq.data.sets.dataset import TrainingSet, make_preprocessor
from tfuq.data.sets.prepared import Examples
from tfuq.measures.reducers import Reducer
from tfuq.measures.reducers.base import SampleStatistics
from tfuq.tasks.activation import Activation
from tfuq.tasks.tables import TaskTables

Load = Callable[[Config, Preprocessor, Case], Examples]
TaskLoss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
Distributions = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
FIRST_DEFINITION = 1  # of a task's loss; earlier versions noted no number


class Task(Protocol):
    """A task, as a set of functions of a configuration."""

    @property
    def tables(self) -> TaskTables[Any] | None:
        """The tables of its predictions; None where they are a label and maps of each volume."""

    def unit(self, config: Config) -> str:
        """What a term of the likelihood belongs to, such as a voxel."""

    def outputs(self, config: Config) -> int:
        """Channels of the network's output."""

    def activation(self, config: Config) -> Activation:
        """Makes a sample from the network's outputs, see `tfuq.tasks.activation.Activation`."""

    def training_set(
        self,
        config: Config,
        cases: list[Case],
        statistics: Statistics | None,
    ) -> TrainingSet:
        """The training examples.

        Args:
            config: the configuration.
            cases: the training cases.
            statistics: intensities of the training cases, if normalization needs them.
        """

    def validation(
        self,
        config: Config,
        cases: list[Case],
        training: TrainingSet,
        statistics: Statistics | None,
    ) -> Sequence[Examples]:
        """Examples to validate on, in groups that are averaged with equal weight.

        Args:
            config: the configuration.
            cases: the validation cases.
            training: the training examples, which the others have to fit.
            statistics: intensities of the training cases, if normalization needs them.
        """

    def loss(self, config: Config, training: TrainingSet) -> TaskLoss:
        """The data term of the objective: ``(targets, network's outputs, seed) → [N]``."""

    def distributions(self, config: Config) -> Distributions:
        """What a member's outputs say: ``(targets, network's outputs, seed) → (p, weights)``.

        ``p`` are the probabilities of each term of the likelihood, ``[N, terms, K]``. ``weights``
        are those of the terms of an example, ``[N, terms]``. They add up to 1, or are all 0 where
        the example has nothing to learn from.
        """

    def coarse_targets(self, targets: tf.Tensor, strides: Sequence[int]) -> tf.Tensor:
        """Targets of outputs on a coarser grid, which deep supervision trains.

        Args:
            targets: as the training set has them, ``[N, …]``.
            strides: pixels along each axis that one pixel of the coarser grid spans.
        """

    def loss_definition(self, config: Config) -> int:
        """Number of the definition of `loss`, from `FIRST_DEFINITION` on.

        It is raised where a new version computes another loss. A training that began with one
        definition does not go on with another.
        """

    def outputs_of(self, config: Config, sample: np.ndarray) -> tf.Tensor:
        """Outputs whose loss is that of a sample.

        Args:
            config: the configuration.
            sample: as the activation makes it; it may have been blended from windows.
        """

    def quality(self, config: Config, sample: np.ndarray, targets: np.ndarray) -> float:
        """The figure of merit of a group of examples; NaN where it has none.

        `tfuq.config.TASKS` has its name.

        Args:
            config: the configuration.
            sample: of all examples, ``[N, …]``.
            targets: their targets, ``[N, …]``.
        """

    def nll(self, sample: np.ndarray, targets: np.ndarray) -> float:
        """Mean negative log-likelihood of a group of examples in nat; NaN where it has none.

        Args:
            sample: of all examples, ``[N, …]``.
            targets: their targets, ``[N, …]``.
        """

    def reducers(self, config: Config) -> Sequence[Reducer]:
        """What is gathered from the samples."""

    def finish(self, statistics: SampleStatistics) -> SampleStatistics:
        """What a prediction returns, from what the reducers gathered."""


NETWORK_TASKS: Registry[Task] = Registry("task of a network")


def equal_weights(is_term: tf.Tensor) -> tf.Tensor:
    """Weights of the terms of each example, which are equal and add up to 1.

    Args:
        is_term: 1 where there is a term, 0 where there is none, ``[N, terms]``.
    """
    return tf.math.divide_no_nan(is_term, tf.reduce_sum(is_term, axis=-1, keepdims=True))


def one_group(
    load: Load,
    config: Config,
    cases: list[Case],
    training: TrainingSet,
    statistics: Statistics | None,
) -> Sequence[Examples]:
    """The examples of all cases as one batch.

    All examples have one shape, and one batch is quicker than case by case.

    Args:
        load: reads the examples of a case.
        config: the configuration.
        cases: the validation cases.
        training: the training examples, which the others have to fit.
        statistics: intensities of the training cases, if normalization needs them.
    """
    preprocessor = make_preprocessor(config, statistics)
    loaded = []
    for case in cases:
        examples = load(config, preprocessor, case)
        training.require_channels(case, examples.images.shape[-1])
        loaded.append(examples)
    if not loaded:
        return []
    images = np.concatenate([examples.images for examples in loaded])
    targets = np.concatenate([examples.targets for examples in loaded])
    return [Examples(images, targets)]
