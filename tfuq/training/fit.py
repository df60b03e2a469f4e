"""Training one member: epochs, validation, early stopping, and the choice of the best weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.data.events import EpochEnd, EpochStep, Observer
from tfuq.data.sets.dataset import TrainingSet
from tfuq.data.sets.pipeline import training_dataset
from tfuq.data.sets.prepared import Examples
from tfuq.errors import TfuqError
from tfuq.networks.freezing import freeze, without_layers
from tfuq.networks.layers import median_width
from tfuq.networks.weights import Arrays
from tfuq.sampling.members import build_member
from tfuq.sampling.memory import memory_errors
from tfuq.tasks import task_of
from tfuq.training.member_data import kl_scale_of, member_rows, member_seed
from tfuq.training.member_files import member_files
from tfuq.training.progress import EpochRow, Progress, monitored, monitored_or_loss
from tfuq.training.running_means import RunningMeans
from tfuq.training.schedules import plateau_share, step_share
from tfuq.training.state import STATE, MemberState
from tfuq.training.step import TrainingStep
from tfuq.training.strategy import (
    batch_shares,
    compiles_steps,
    replica_batches,
    steps_ahead,
    training_policy,
)
from tfuq.training.supervision import loss_of_levels, predicting
from tfuq.training.validation import Validator
from tfuq.training.workers import ALONE, Together

Batches = Iterator[tuple[tf.Tensor, tf.Tensor]]
_TIMED_STEPS = 4


class MemberTraining:
    """One member of a run.

    ``run()`` goes on from the state in the member's folder where there is one.

    Attributes:
        config: The configuration.
        folder: The member's folder.
        member: The member's number, from 0 on.
        model: The network that predicts. The one that is trained shares its layers, and may have
            more of them (see `tfuq.training.supervision`).
        frozen: What of it stays as it starts.
    """

    def __init__(
        self,
        config: Config,
        folder: Path,
        member: int,
        training: TrainingSet,
        validation: Sequence[Examples],
        strategy: tf.distribute.Strategy,
        together: Together = ALONE,
        left_out: Collection[str] = (),
    ) -> None:
        """Build the network and its optimizer.

        Args:
            config: The configuration.
            folder: The member's folder.
            member: The member's number, from 0 on.
            training: The training examples of the run.
            validation: Groups of examples to validate on.
            strategy: The devices.
            together: The processes that train together, of which the chief alone writes.
            left_out: Ids of the training cases that the member leaves out: its fold.
        """
        self.config = config
        self.folder = folder
        self.member = member
        self._training = training
        self._strategy = strategy
        self._together = together
        self._files = member_files(folder, together.worker)
        self._shares = batch_shares(strategy, together.worker.number, config.training.batch_size)
        self._seed = member_seed(config.training.seed, member)
        tf_keras.utils.set_random_seed(self._seed)  # initial weights
        self._rows = member_rows(config, training, member, left_out)
        kl_scale = kl_scale_of(config, training, self._rows)
        policy = training_policy(config, strategy)
        with strategy.scope():
            trained = build_member(
                config,
                channels=training.channels,
                kl_scale=kl_scale,
                policy=policy,
                is_supervised=config.network.deep_supervision,
            )
            self.model = predicting(trained)
            self.frozen = freeze(self.model, config.training.frozen)
        loss = task_of(config).loss(config, training)
        held_steps = config.width_warmup_epochs * self.steps
        self._step = TrainingStep(
            config,
            strategy,
            trained,
            loss_of_levels(config, loss),
            held_steps,
            policy=policy,
            with_xla=compiles_steps(strategy),
        )
        self._validate = Validator(config, validation, loss, training.channels, self._together)
        self._state = MemberState(model=trained, optimizer=self._step.optimizer)

    @property
    def progress(self) -> Progress:
        """How far the training has come."""
        return self._state.progress

    @property
    def steps(self) -> int:
        """Optimization steps of an epoch."""
        training = self.config.training
        return training.steps_per_epoch or -(-len(self._rows) // training.batch_size)

    def run(self, observer: Observer) -> None:
        """Train to the end; write weights, history and the mark that the member is done.

        Args:
            observer: Is notified of each step and each epoch.

        Raises:
            RunError: Another process is training this member.
        """
        with self._files.held(), memory_errors():
            self._run(observer)
            self._together.wait()  # a process that ends counts as lost

    def rehearse(self) -> dict[str, float]:
        """Take a few steps and validate twice.

        Returns:
            Seconds of ``build`` (the first step and the first validation), ``step`` and
            ``validation``.
        """
        batches = self._batches(range(1 + _TIMED_STEPS))
        kl_weight = tf.constant(self._kl_weight(0), tf.float32)
        seed = tf.constant([self._seed, 0], tf.int32)

        def step() -> None:
            logs = self._step(*next(batches), seed, kl_weight)
            float(logs["loss"])

        def validate() -> None:
            self._validate(self._step.arrays(self.model))

        build = _seconds(step) + _seconds(validate)
        steps = [_seconds(step) for _ in range(_TIMED_STEPS)]
        return {
            "build": build,
            "step": float(np.mean(steps)),
            "validation": _seconds(validate),
        }

    def _run(self, observer: Observer) -> None:
        self._restore()
        batches = self._batches(range(self.progress.epoch, self.config.training.epochs))
        while not self._is_finished():
            self._epoch(batches, observer)
            self._files.write_state(self._state.arrays())
        self._files.write_result(self._state.best, self.progress)

    def _epoch(self, batches: Batches, observer: Observer) -> None:
        started = time.monotonic()
        epoch = self.progress.epoch
        means = self._optimize(epoch, batches, observer)
        weights = self._step.arrays(self.model)
        row: EpochRow = {"epoch": epoch + 1, **means, **self._validate(weights)}
        self._require_finite(row)
        width = median_width(without_layers(weights, self.frozen.layers))
        if width is not None:
            row["posterior_width"] = width
        row["learning_rate"] = float(self._step.optimizer.learning_rate.numpy())
        row["seconds"] = time.monotonic() - started
        self._keep_best(row, weights)
        self.progress.history.append(row)
        self.progress.epoch = epoch + 1
        self._files.write_history(self.progress.history)
        figures = dict(row)
        observer.notify(
            EpochEnd(member=self.member, epoch=epoch, steps=self.steps, figures=figures)
        )

    def _optimize(self, epoch: int, batches: Batches, observer: Observer) -> dict[str, float]:
        """Take the steps of an epoch; the means of the losses over its steps."""
        kl_weight = tf.constant(self._kl_weight(epoch), tf.float32)
        plateau = self._plateau_share()

        def notify(step: int, figures: dict[str, float]) -> None:
            observer.notify(EpochStep(member=self.member, epoch=epoch, step=step, figures=figures))

        means = RunningMeans(steps_ahead(self._strategy), notify)
        first = epoch * self.steps
        for count, batch in zip(range(first, first + self.steps), batches, strict=False):
            seed = tf.constant([self._seed, count], tf.int32)
            self._step.set_learning_rate(self._learning_rate(count) * plateau)
            means.add(self._step(*batch, seed, kl_weight))
        return means.finish()

    def _require_finite(self, row: EpochRow) -> None:
        """Stop where a figure of the epoch is not finite.

        The state of the epoch before stays, with the best weights.

        Raises:
            TfuqError: A figure is not finite.
        """
        for name, value in row.items():
            if not np.isfinite(value):
                raise self._not_finite(row, name)

    def _not_finite(self, row: EpochRow, name: str) -> TfuqError:
        figure = name
        if name == "loss":
            figure = "the loss"
        message = (
            f"member {self.member}: {figure} is {row[name]} in epoch {row['epoch']}; "
            "lower training.learning_rate"
        )
        if self.progress.epoch:
            message += f"; {self.folder / STATE} keeps the epoch before"
        return TfuqError(message)

    def _batches(self, epochs: range) -> Batches:
        """The batches of epochs, images and targets, on the strategy's devices."""
        dataset = training_dataset(
            self._training,
            self._rows,
            batch=self.config.training.batch_size,
            steps=self.steps,
            seed=self._seed,
            epochs=epochs,
            share=range(self._shares[0].start, self._shares[-1].stop),
        )
        sizes = [len(share) for share in self._shares]
        yield from replica_batches(self._strategy, dataset, sizes)

    def _learning_rate(self, step: int) -> float:
        training = self.config.training
        return training.learning_rate * step_share(training, step, self.steps)

    def _plateau_share(self) -> float:
        training = self.config.training
        if not training.has_plateaus:
            return 1.0
        values = monitored_or_loss(training, self.progress.history)
        return plateau_share(values, training.plateau.factor, training.plateau.epochs)

    def _kl_weight(self, epoch: int) -> float:
        warmup = self.config.variational.kl_warmup_epochs
        return min(1.0, (epoch + 1) / (warmup + 1))

    def _keep_best(self, row: EpochRow, weights: Arrays) -> None:
        """Keep the best weights by the monitored figure; without one, those of the last epoch.

        No epoch that held the widths is better than one after it: they are not inferred yet. A fold
        chooses no epoch, so that its cases stay unseen.
        """
        value = monitored(self.config.training, row)
        is_held = row["epoch"] <= self.config.width_warmup_epochs
        if is_held or self.config.has_folds:
            value = None
        best = self.progress.best
        if value is None or best is None or value < best:
            self._state.best = weights
            self.progress.best = value
            self.progress.best_epoch = int(row["epoch"])

    def _is_finished(self) -> bool:
        return self.progress.epoch >= self.config.training.epochs or self._is_patience_over()

    def _is_patience_over(self) -> bool:
        patience = self.config.training.early_stopping_epochs
        if not patience:
            return False
        return self.progress.epoch - self.progress.best_epoch >= patience

    def _restore(self) -> None:
        """Take up the state in the chief's folder where there is one."""
        content = self._together.of_chief(self._files.read_state())
        if content:
            self._state.restore(content, self.folder / STATE)
            self._files.take_over()


def _seconds(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started
