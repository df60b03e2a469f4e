"""Validation: the mean network (no dropout, posterior means) on whole validation cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfuq.config import TASKS, Config
from tfuq.data.sets.prepared import Examples
from tfuq.measures.reducers import LastSample
from tfuq.networks.weights import Arrays, set_arrays
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.sampler import Sampler
from tfuq.tasks import TaskLoss, task_of
from tfuq.training.progress import NLL
from tfuq.training.supervision import predicting
from tfuq.training.workers import ALONE, Together


class MeanNetwork:
    """The mean network of a configuration, as it predicts whole cases."""

    def __init__(self, config: Config, channels: int) -> None:
        """Build the network and its sampling graph.

        Args:
            config: The configuration.
            channels: Channels of the images.
        """
        self._batch = config.prediction.batch_size
        trained = build_member(config, channels=channels, sources=(), is_trained=True)
        self._model = predicting(trained)
        network = windowed(config, self._model, keep=0)
        self._sampler = Sampler(Posterior([network]), [LastSample()])

    def take(self, weights: Arrays) -> None:
        """Take weights, by the names of variables."""
        set_arrays(self._model, weights)

    def sample(self, images: np.ndarray, seed: tf.Tensor) -> np.ndarray:
        """The sample of images ``[n, *S, C]``, in batches.

        Args:
            images: The images.
            seed: int32 ``[2]``.
        """
        one = tf.constant(1)
        samples = []
        for start in range(0, len(images), self._batch):
            batch = images[start : start + self._batch]
            samples.append(self._sampler.sample(batch, seed, one)["sample"])
        return np.concatenate(samples)


class MeanNetworks:
    """Mean networks of members, which take seconds to build: members that are alike share one."""

    def __init__(self) -> None:
        self._last: tuple[Config, MeanNetwork] | None = None

    def of(self, config: Config, channels: int) -> MeanNetwork:
        """The mean network of a member; that of the last one asked for is kept.

        Args:
            config: The member's configuration.
            channels: Channels of the images.
        """
        if not self._last or self._last[0] != config:
            self._last = (config, MeanNetwork(config, channels))
        return self._last[1]


class Validator:
    """``validator(weights) → {val_loss, val_nll, val_<quality>}``, means over groups of examples.

    The task defines the last two. One is left out where no group has it, as the quality where no
    validation case has a structure.
    """

    def __init__(
        self,
        config: Config,
        groups: Sequence[Examples],
        loss: TaskLoss,
        network: MeanNetwork,
        together: Together = ALONE,
    ) -> None:
        """Prepare the groups.

        Args:
            config: The configuration.
            groups: Examples in groups that are averaged with equal weight.
            loss: The data term of the objective.
            network: Takes the weights that are validated.
            together: The processes that train together, each of which validates on its share of the
                groups.
        """
        self._config = config
        self._groups = groups
        self._loss = loss
        self._network = network
        self._together = together
        self._task = task_of(config)

    def __call__(self, weights: Arrays) -> dict[str, float]:
        """Validate a network with these weights, by the names of variables."""
        self._network.take(weights)
        if not self._groups:
            return {}
        results = self._results()
        quality = TASKS[self._config.task].quality
        names = ("val_loss", NLL, f"val_{quality}")
        figures = {}
        for name, values in zip(names, results.T, strict=True):
            defined = values
            if name != "val_loss":
                defined = values[~np.isnan(values)]
            if len(defined):
                figures[name] = float(defined.mean())
        return figures

    def _results(self) -> np.ndarray:
        """The loss, the NLL and the quality of each group, ``[groups, 3]`` float64."""
        results = np.zeros([len(self._groups), 3])
        worker = self._together.worker
        for number in range(worker.number, len(self._groups), len(worker.addresses)):
            results[number] = self._group(self._groups[number])
        return self._together.total(results)

    def _group(self, group: Examples) -> tuple[float, float, float]:
        """The loss, the NLL and the quality of a group; NaN where it has none."""
        seed = tf.zeros([2], tf.int32)
        sample = self._network.sample(group.images, seed)
        outputs = self._task.outputs_of(self._config, sample)
        losses = self._loss(tf.constant(group.targets), outputs, seed)
        loss = float(tf.reduce_mean(losses))
        nll = self._task.nll(sample, group.targets)
        return loss, nll, self._task.quality(self._config, sample, group.targets)
