"""Training one member: epochs, validation, early stopping, and the choice of the best weights."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.data.events import EpochEnd, EpochStep, Observer
from tfuq.data.sets.dataset import TrainingSet
from tfuq.data.sets.pipeline import training_dataset
from tfuq.errors import TfuqError
from tfuq.networks.freezing import freeze, without_layers
from tfuq.networks.layers import median_width
from tfuq.networks.weights import Arrays
from tfuq.sampling.members import build_member
from tfuq.sampling.memory import memory_errors
from tfuq.tasks import task_of
from tfuq.training.anchors import anchoring_of
from tfuq.training.collecting import NOTHING, Collector
from tfuq.training.member_data import (
    kl_scale_of,
    member_rows,
    member_seed,
    posterior_scale,
    steps_of_epoch,
)
from tfuq.training.member_files import member_files
from tfuq.training.progress import EpochRow, Progress, monitored, monitored_or_loss
from tfuq.training.rehearsal import TIMED_STEPS, rehearsed
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


class MemberTraining:
    """One member of a run.

    ``run()`` goes on from the state in the member's folder where there is one.

    Attributes:
        config: The configuration.
        folder: The member's folder.
        member: The member's number, from 0 on.
        model: The network that predicts. The one that is trained shares its layers, and may have
            more of them (see `tfuq.training.supervision`).
        seed: Of the member.
        step: Takes an optimization step.
        validate: Validates weights.
        files: The member's files.
        state: All that the training needs to go on.
        state_path: The file that holds it between epochs.
        frozen: What of it stays as it starts.
    """

    def __init__(
        self,
        config: Config,
        folder: Path,
        member: int,
        training: TrainingSet,
        validate: Validator,
        strategy: tf.distribute.Strategy,
        together: Together = ALONE,
        left_out: Collection[str] = (),
        collector: Collector = NOTHING,
    ) -> None:
        """Build the network and its optimizer.

        Args:
            config: The configuration.
            folder: The member's folder.
            member: The member's number, from 0 on.
            training: The training examples of the run.
            validate: Validates weights.
            strategy: The devices.
            together: The processes that train together, of which the chief alone writes.
            left_out: Ids of the training cases that the member leaves out: its fold.
            collector: Gathers weights on the way.
        """
        self.config = config
        self.folder = folder
        self.state_path = folder / STATE
        self.member = member
        self._training = training
        self._strategy = strategy
        self._collector = collector
        self._together = together
        self.files = member_files(folder, together.worker)
        self._shares = batch_shares(strategy, together.worker.number, config.training.batch_size)
        self.seed = member_seed(config.training.seed, member)
        tf_keras.utils.set_random_seed(self.seed)  # initial weights
        self._rows = member_rows(config, training, member, left_out)
        kl_scale = kl_scale_of(config, training, self._rows)
        policy = training_policy(config, strategy)
        with strategy.scope():
            trained = build_member(
                config,
                channels=training.channels,
                kl_scale=kl_scale,
                policy=policy,
                is_trained=True,
            )
            self.model = predicting(trained)
            self.frozen = freeze(self.model, config.training.frozen)
            scale = posterior_scale(config, training, self._rows)
            penalty = anchoring_of(config, trained, self.seed, scale)
        loss = task_of(config).loss(config, training)
        held_steps = config.width_warmup_epochs * self.steps
        self.step = TrainingStep(
            config,
            strategy,
            trained,
            loss_of_levels(config, loss),
            held_steps,
            policy=policy,
            with_xla=compiles_steps(strategy),
            penalty=penalty,
        )
        self.validate = validate
        self.state = MemberState(model=trained, optimizer=self.step.optimizer, collector=collector)

    @property
    def progress(self) -> Progress:
        """How far the training has come."""
        return self.state.progress

    @property
    def steps(self) -> int:
        """Optimization steps of an epoch."""
        return steps_of_epoch(self.config, self._rows)

    def run(self, observer: Observer) -> None:
        """Train to the end; write weights, history and the mark that the member is done.

        Args:
            observer: Is notified of each step and each epoch.

        Raises:
            RunError: Another process is training this member.
        """
        with self.files.held(), memory_errors():
            self._run(observer)
            self._together.wait()  # a process that ends counts as lost

    def rehearse(self) -> dict[str, float]:
        """Take a few steps and validate twice; see `rehearsed`."""
        batches = self.batches(range(1 + TIMED_STEPS))
        kl_weight = tf.constant(self._kl_weight(0), tf.float32)
        seed = tf.constant([self.seed, 0], tf.int32)

        def step() -> None:
            logs = self.step(*next(batches), seed, kl_weight)
            float(logs["loss"])

        def validate() -> None:
            self.validate(self.step.arrays(self.model))

        return rehearsed(step, validate)

    def _run(self, observer: Observer) -> None:
        self._restore()
        batches = self.batches(range(self.progress.epoch, self.config.training.epochs))
        while not self.is_finished:
            self._epoch(batches, observer)
            self.files.write_state(self.state.arrays())
        self.files.write_result(self._collector.result(self.state.best), self.progress)

    def _epoch(self, batches: Batches, observer: Observer) -> None:
        started = time.monotonic()
        means = self._optimize(self.progress.epoch, batches, observer)
        self.end_epoch(means, started, observer)

    def end_epoch(self, means: dict[str, float], started: float, observer: Observer) -> None:
        """Validate, keep the best weights, and write the history.

        Args:
            means: Of the losses over the steps of the epoch.
            started: When the epoch started, by `time.monotonic`.
            observer: Is notified.

        Raises:
            TfuqError: A figure of the epoch is not finite.
        """
        epoch = self.progress.epoch
        weights = self.step.arrays(self.model)
        row: EpochRow = {"epoch": epoch + 1, **means, **self.validate(weights)}
        self._require_finite(row)
        width = median_width(without_layers(weights, self.frozen.layers))
        if width is not None:
            row["posterior_width"] = width
        row["learning_rate"] = float(self.step.optimizer.learning_rate.numpy())
        row["seconds"] = time.monotonic() - started
        self._keep_best(row, weights)
        self.progress.history.append(row)
        self.progress.epoch = epoch + 1
        self.files.write_history(self.progress.history)
        self._collector.after_epoch(self.progress, weights)
        figures = dict(row)
        observer.notify(
            EpochEnd(member=self.member, epoch=epoch, steps=self.steps, figures=figures)
        )

    def _optimize(self, epoch: int, batches: Batches, observer: Observer) -> dict[str, float]:
        """Take the steps of an epoch; the means of the losses over its steps."""
        kl_weight = tf.constant(self._kl_weight(epoch), tf.float32)
        plateau = self.plateau_share()
        means = self.running_means(epoch, observer)

        def weights() -> Arrays:
            return self.step.arrays(self.model)

        first = epoch * self.steps
        for count, batch in zip(range(first, first + self.steps), batches, strict=False):
            seed = tf.constant([self.seed, count], tf.int32)
            self.set_learning_rate(count, plateau)
            means.add(self.step(*batch, seed, kl_weight))
            self._collector.after_step(count, self.steps, weights)
        return means.finish()

    def running_means(self, epoch: int, observer: Observer) -> RunningMeans:
        """Means of the losses over the steps of an epoch, of which an observer is notified."""

        def notify(step: int, figures: dict[str, float]) -> None:
            observer.notify(EpochStep(member=self.member, epoch=epoch, step=step, figures=figures))

        return RunningMeans(steps_ahead(self._strategy), notify)

    def set_learning_rate(self, step: int, plateau: float) -> None:
        """Take the learning rate of a step, counted through all epochs.

        Args:
            step: The step.
            plateau: As `plateau_share` says in its epoch.
        """
        training = self.config.training
        share = step_share(training, step, self.steps)
        self.step.set_learning_rate(training.learning_rate * share * plateau)

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
            message += f"; {self.state_path} keeps the epoch before"
        return TfuqError(message)

    def batches(self, epochs: range) -> Batches:
        """The batches of epochs, images and targets, on the strategy's devices."""
        dataset = training_dataset(
            self._training,
            self._rows,
            batch=self.config.training.batch_size,
            steps=self.steps,
            seed=self.seed,
            epochs=epochs,
            share=range(self._shares[0].start, self._shares[-1].stop),
        )
        sizes = [len(share) for share in self._shares]
        yield from replica_batches(self._strategy, dataset, sizes)

    def plateau_share(self) -> float:
        """The share of the learning rate that the history leaves, for the next epoch."""
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
        chooses no epoch, so that its cases stay unseen, nor does a member that is the end of a
        cycle.
        """
        value = monitored(self.config.training, row)
        is_held = row["epoch"] <= self.config.width_warmup_epochs
        if is_held or self.config.keeps_last_epoch:
            value = None
        best = self.progress.best
        if value is None or best is None or value < best:
            self.state.best = weights
            self.progress.best = value
            self.progress.best_epoch = int(row["epoch"])

    @property
    def is_finished(self) -> bool:
        """Whether the last epoch is over, or patience is."""
        return self.progress.epoch >= self.config.training.epochs or self._is_patience_over()

    def _is_patience_over(self) -> bool:
        patience = self.config.training.early_stopping_epochs
        if not patience:
            return False
        return self.progress.epoch - self.progress.best_epoch >= patience

    def _restore(self) -> None:
        """Take up the state in the chief's folder where there is one."""
        content = self._together.of_chief(self.files.read_state())
        if content:
            self.state.restore(content, self.state_path)
            self.files.take_over()
