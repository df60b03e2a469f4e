"""Training one member: epochs, validation, early stopping, best weights, and a state from which it can go on."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import tensorflow as tf
import tf_keras
from pydantic import Field

from tfuq.config import Config
from tfuq.data.dataset import Examples, TrainingSet
from tfuq.data.ownership import LOCK, remove_file, take_over
from tfuq.data.pipeline import epoch_dataset
from tfuq.data.stored import parse_json
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import RunError, TfuqError
from tfuq.layers import median_width
from tfuq.locks import exclusive
from tfuq.members import build_member
from tfuq.memory import memory_errors
from tfuq.tasks import task_of
from tfuq.training.member_data import kl_scale_of, member_rows, member_seed
from tfuq.training.schedules import plateau_share, step_share
from tfuq.training.step import TrainingStep
from tfuq.training.validation import Validator
from tfuq.weights import assign_arrays, assign_numbered, load_arrays, model_arrays, require_fit, save_arrays

STATE, HISTORY = "state.npz", "history.csv"
OnStep = Callable[[int, int, int, dict], None]  # member, epoch, step of the epoch, logs so far


def unheard(*_event) -> None:
    """A listener for those who do not listen."""


@dataclass
class Progress:
    """Where a member's training stands; with the arrays of `MemberTraining` its whole state."""

    epoch: Annotated[int, Field(ge=0, le=10**6)] = 0
    best: float | None = None
    best_epoch: Annotated[int, Field(ge=0, le=10**6)] = 0
    history: list[dict[str, int | float]] = field(default_factory=list)


class MemberTraining:
    """One member of a run. ``run()`` goes on from the folder's state where there is one."""

    def __init__(self, config: Config, folder: Path, member: int, training: TrainingSet, validation: list[Examples],
                 strategy: tf.distribute.Strategy):  # fmt: skip
        self.config, self.folder, self.member = config, folder, member
        self._training, self._strategy = training, strategy
        self._seed = member_seed(config.training.seed, member)
        tf_keras.utils.set_random_seed(self._seed)  # initial weights
        self._rows = member_rows(config, training, member)
        kl_scale = kl_scale_of(config, training, self._rows)
        with strategy.scope():
            self.model = build_member(config, channels=training.channels, kl_scale=kl_scale)
        loss = task_of(config).loss(config, training)
        self._step = TrainingStep(config, strategy, self.model, loss)
        self._validate = Validator(config, validation, loss, training.channels)
        self._best: dict[str, np.ndarray] = {}
        self.progress = Progress()

    @property
    def steps(self) -> int:
        """Optimization steps of an epoch."""
        return self.config.training.steps_per_epoch or -(-len(self._rows) // self.config.training.batch_size)

    def run(self, on_step: OnStep) -> None:
        """Train to the end and write weights, history and the mark that the member is done.

        Raises:
            RunError: another process is training this member.
        """
        with exclusive(self.folder, "training"), memory_errors():
            self._run(on_step)

    def rehearse(self) -> dict[str, float]:
        """Take a few steps and validate twice; seconds of ``build`` (the first time of both), ``step``, ``validation``."""
        batches = itertools.chain.from_iterable(self._batches(epoch) for epoch in itertools.count())
        seed, kl_weight = tf.constant([self._seed, 0], tf.int32), tf.constant(self._kl_weight(0), tf.float32)

        def step():
            float(self._step(*next(batches), seed, kl_weight)["loss"])

        def validate():
            self._validate(self.model)

        build = _seconds(step) + _seconds(validate)
        return {"build": build, "step": float(np.mean([_seconds(step) for _ in range(4)])), "validation": _seconds(validate)}

    def _run(self, on_step: OnStep) -> None:
        if self._restore():
            take_over(self.folder, [name for name in (STATE, HISTORY) if (self.folder / name).is_file()])
        while self.progress.epoch < self.config.training.epochs and not self._is_patience_over():
            self._epoch(on_step)
            self._save_state()
        self._require_folder()
        digest = save_arrays(self.folder / "weights.npz", self._best)
        write_json(
            self.folder / "done", {"digest": digest, "epochs": self.progress.epoch, "best_epoch": self.progress.best_epoch}
        )
        remove_file(self.folder / STATE)

    def _epoch(self, on_step: OnStep) -> None:
        started, epoch = time.monotonic(), self.progress.epoch
        kl_weight = tf.constant(self._kl_weight(epoch), tf.float32)
        plateau = self._plateau_share()
        sums: dict[str, float] = {}
        for step, (images, labels) in enumerate(self._batches(epoch)):
            count = epoch * self.steps + step
            seed = tf.constant([self._seed, count], tf.int32)
            self._step.optimizer.learning_rate = self._learning_rate(count) * plateau
            logs = {name: float(value) for name, value in self._step(images, labels, seed, kl_weight).items()}
            sums = {name: sums.get(name, 0.0) + value for name, value in logs.items()}
            on_step(self.member, epoch, step, {name: value / (step + 1) for name, value in sums.items()})
        row = {"epoch": epoch + 1, **{name: value / self.steps for name, value in sums.items()}, **self._validate(self.model)}
        self._require_finite(row)
        width = median_width(model_arrays(self.model))
        row |= {} if width is None else {"posterior_width": width}
        row |= {"learning_rate": float(self._step.optimizer.learning_rate.numpy()), "seconds": time.monotonic() - started}
        self._keep_best(row)
        self.progress.history.append(row)
        self.progress.epoch = epoch + 1
        self._require_folder()
        write_csv(self.folder / HISTORY, self.progress.history)
        on_step(self.member, epoch, self.steps, row)

    def _require_finite(self, row: dict) -> None:
        """Stop where training or validation has come to no number; the state of the epoch before, with the best weights, stays.

        Raises:
            TfuqError: a figure of the epoch is not finite.
        """
        wrong = next((name for name, value in row.items() if not np.isfinite(value)), None)
        if wrong is None:
            return
        kept = f"; {self.folder / 'state.npz'} keeps the epoch before" if self.progress.epoch else ""
        name = "the loss" if wrong == "loss" else wrong
        raise TfuqError(
            f"member {self.member}: {name} is {row[wrong]} in epoch {row['epoch']}; lower training.learning_rate{kept}"
        )

    def _batches(self, epoch: int):
        """An epoch's batches of images and labels, on the strategy's devices."""
        batch = self.config.training.batch_size
        dataset = epoch_dataset(self._training, self._rows, batch=batch, steps=self.steps, seed=self._seed, epoch=epoch)
        if self._strategy.num_replicas_in_sync == 1:
            return dataset  # a distributed one would autotune by itself, and wait (see `epoch_dataset`)
        return self._strategy.experimental_distribute_dataset(dataset)

    def _learning_rate(self, step: int) -> float:
        return self.config.training.learning_rate * step_share(self.config.training, step, self.steps)

    def _plateau_share(self) -> float:
        settings, history = self.config.training, self.progress.history
        if not settings.has_plateaus:
            return 1.0
        values = [row["loss"] if (value := self._monitored(row)) is None else value for row in history]
        return plateau_share(values, settings.plateau.factor, settings.plateau.epochs)

    def _kl_weight(self, epoch: int) -> float:
        warmup = self.config.variational.kl_warmup_epochs
        return min(1.0, (epoch + 1) / (warmup + 1))

    def _keep_best(self, row: dict) -> None:
        """Best by the monitored validation figure; without validation cases the last epoch is kept."""
        value = self._monitored(row)
        if value is None or self.progress.best is None or value < self.progress.best:
            self._best = model_arrays(self.model)
            self.progress.best, self.progress.best_epoch = value, row["epoch"]

    def _monitored(self, row: dict) -> float | None:
        """The figure to minimize."""
        monitor = self.config.training.monitor
        if monitor == "loss" or f"val_{monitor}" not in row:
            return row.get("val_loss")
        return row[f"val_{monitor}"] * (1 if monitor == "radial_error" else -1)

    def _is_patience_over(self) -> bool:
        patience = self.config.training.early_stopping_epochs
        return bool(patience) and self.progress.epoch - self.progress.best_epoch >= patience

    def _save_state(self) -> None:
        arrays = {f"model/{name}": array for name, array in model_arrays(self.model).items()}
        arrays |= {f"best/{name}": array for name, array in self._best.items()}
        arrays |= {f"optimizer/{i}": variable.numpy() for i, variable in enumerate(self._step.optimizer.variables)}
        arrays["progress"] = np.frombuffer(json.dumps(asdict(self.progress)).encode(), np.uint8)
        save_arrays(self.folder / STATE, arrays)

    def _require_folder(self) -> None:
        """Refuse to go on where the folder's lock, which this process holds, is gone.

        Raises:
            RunError: the folder was removed or renamed.
        """
        if not (self.folder / LOCK).is_file():
            raise RunError(f"{self.folder}: was removed while it was trained; train the run again")

    def _restore(self) -> bool:
        """Take up the state that lies in the folder; whether there is one."""
        path = self.folder / STATE
        if not path.is_file():
            return False
        arrays = load_arrays(path)
        if f"optimizer/{len(self._step.optimizer.variables) - 1}" not in arrays:
            raise RunError(f"{path}: was written by an earlier tfuq; delete it to train the member from its start")
        progress = arrays.get("progress", np.zeros(0, np.uint8)).tobytes()
        self.progress = parse_json(progress, path, Progress, "delete it to train the member from its start")
        assign_arrays(self.model, _below(arrays, "model/"), where=str(path))
        self._best = _below(arrays, "best/")
        require_fit(self.model.weights, self._best, where=str(path))
        assign_numbered(self._step.optimizer.variables, _below(arrays, "optimizer/"), where=str(path))
        return True

    def warm_start(self, point_weights: dict[str, np.ndarray], where: str) -> None:
        """Start the posterior means from a network of point weights; widths stay as configured."""
        arrays = model_arrays(self.model)
        for name in arrays:
            source = name.replace("/kernel_posterior_loc", "/kernel").replace("/bias_posterior_loc", "/bias")
            if not name.endswith("untransformed_scale") and source in point_weights:
                arrays[name] = point_weights[source]
            elif not name.endswith("untransformed_scale"):
                raise TfuqError(f"variational.warm_start: {where} has no weights '{source}'; it must be of the same network")
        assign_arrays(self.model, arrays, where=where)


def _seconds(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def _below(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
