"""Training one member: epochs, validation, early stopping, and the choice of the best weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.data.events import EpochEnd, EpochStep, Observer
from tfuq.data.locks import exclusive
from tfuq.data.ownership import LOCK, take_over
from tfuq.data.removal import remove_file
from tfuq.data.sets.dataset import Examples, TrainingSet
from tfuq.data.sets.pipeline import training_dataset
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import RunError, TfuqError
from tfuq.networks.layers import median_width
from tfuq.networks.weights import Arrays, model_arrays, save_arrays
from tfuq.sampling.members import build_member
from tfuq.sampling.memory import memory_errors
from tfuq.tasks import task_of
from tfuq.training.member_data import kl_scale_of, member_rows, member_seed
from tfuq.training.progress import EpochRow, Progress, monitored, monitored_or_loss
from tfuq.training.running_means import RunningMeans
from tfuq.training.schedules import plateau_share, step_share
from tfuq.training.state import STATE, MemberState
from tfuq.training.step import TrainingStep
from tfuq.training.strategy import (
    compiles_steps,
    replica_batches,
    steps_ahead,
    training_policy,
)
from tfuq.training.validation import Validator

HISTORY = "history.csv"
Batches = Iterator[tuple[tf.Tensor, tf.Tensor]]
_TIMED_STEPS = 4


class MemberTraining:
    """One member of a run.

    ``run()`` goes on from the state in the member's folder where there is one.
    """

    def __init__(
        self,
        config: Config,
        folder: Path,
        member: int,
        training: TrainingSet,
        validation: list[Examples],
        strategy: tf.distribute.Strategy,
    ) -> None:
        """Build the network and its optimizer.

        Args:
            config: The configuration.
            folder: The member's folder.
            member: The member's number, from 0 on.
            training: The training examples of the run.
            validation: Groups of examples to validate on.
            strategy: The devices.
        """
        self.config = config
        self.folder = folder
        self.member = member
        self._training = training
        self._strategy = strategy
        self._seed = member_seed(config.training.seed, member)
        tf_keras.utils.set_random_seed(self._seed)  # initial weights
        self._rows = member_rows(config, training, member)
        kl_scale = kl_scale_of(config, training, self._rows)
        policy = training_policy(config, strategy)
        with strategy.scope():
            self.model = build_member(
                config,
                channels=training.channels,
                kl_scale=kl_scale,
                policy=policy,
            )
        loss = task_of(config).loss(config, training)
        held_steps = config.width_warmup_epochs * self.steps
        self._step = TrainingStep(
            config,
            strategy,
            self.model,
            loss,
            held_steps,
            policy=policy,
            with_xla=compiles_steps(strategy, self.model),
        )
        self._validate = Validator(config, validation, loss, training.channels)
        self._state = MemberState(model=self.model, optimizer=self._step.optimizer)

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
        with exclusive(self.folder, "training"), memory_errors():
            self._run(observer)

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
            self._validate(self.model)

        build = _seconds(step) + _seconds(validate)
        steps = [_seconds(step) for _ in range(_TIMED_STEPS)]
        return {
            "build": build,
            "step": float(np.mean(steps)),
            "validation": _seconds(validate),
        }

    def _run(self, observer: Observer) -> None:
        if self._restore():
            names = [name for name in (STATE, HISTORY) if (self.folder / name).is_file()]
            take_over(self.folder, names)
        batches = self._batches(range(self.progress.epoch, self.config.training.epochs))
        while not self._is_finished():
            self._epoch(batches, observer)
            self._save_state()
        self._require_folder()
        self._write_result()
        remove_file(self.folder / STATE)

    def _write_result(self) -> None:
        digest = save_arrays(self.folder / "weights.npz", self._state.best)
        done = {
            "digest": digest,
            "epochs": self.progress.epoch,
            "best_epoch": self.progress.best_epoch,
        }
        write_json(self.folder / "done", done)

    def _epoch(self, batches: Batches, observer: Observer) -> None:
        started = time.monotonic()
        epoch = self.progress.epoch
        means = self._optimize(epoch, batches, observer)
        row: EpochRow = {"epoch": epoch + 1, **means, **self._validate(self.model)}
        self._require_finite(row)
        weights = model_arrays(self.model)
        width = median_width(weights)
        if width is not None:
            row["posterior_width"] = width
        row["learning_rate"] = float(self._step.optimizer.learning_rate.numpy())
        row["seconds"] = time.monotonic() - started
        self._keep_best(row, weights)
        self.progress.history.append(row)
        self.progress.epoch = epoch + 1
        self._require_folder()
        write_csv(self.folder / HISTORY, self.progress.history)
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
        )
        yield from replica_batches(self._strategy, dataset)

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

        No epoch that held the widths is better than one after it: they are not inferred yet.
        """
        value = monitored(self.config.training, row)
        if row["epoch"] <= self.config.width_warmup_epochs:
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

    def _save_state(self) -> None:
        self._state.save(self.folder / STATE)

    def _restore(self) -> bool:
        """Take up the state in the folder; whether there is one."""
        return self._state.restore(self.folder / STATE)

    def _require_folder(self) -> None:
        """Refuse to go on where the folder's lock, which this process holds, is gone.

        Raises:
            RunError: The folder was removed or renamed.
        """
        if not (self.folder / LOCK).is_file():
            raise RunError(f"{self.folder}: was removed while it was trained; train the run again")


def _seconds(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started
