"""Training all members of a run together: one step is a step of each, on the same batch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.data.events import Observer
from tfuq.networks.weights import Arrays, parse_arrays
from tfuq.runs import Run
from tfuq.tasks import task_of
from tfuq.training.diversity.base import Diversity, Training
from tfuq.training.diversity.coupling import coupling_of
from tfuq.training.diversity.joint_refusals import (
    memory_refusals,
    require_different,
    require_room,
)
from tfuq.training.diversity.step import JointStep
from tfuq.training.fit import Batches, MemberTraining
from tfuq.training.material import Material, member_training
from tfuq.training.member_files import NoFiles
from tfuq.training.rehearsal import TIMED_STEPS, rehearsed
from tfuq.training.state import STATE, below, prefixed
from tfuq.training.strategy import compiles_steps

# The share of the KL divergence, of which networks with point weights have none.
_KL_WEIGHT = 1.0


class JointTraining:
    """All members of a run, trained together.

    ``run()`` goes on from the state in the folder of the first member that is not finished. It is
    that of all members, so that they always go on from the same epoch.
    """

    def __init__(self, config: Config, path: Path, material: Material) -> None:
        """Build the networks of all members, and their optimizers.

        Args:
            config: The configuration.
            path: The run's folder.
            material: What the members are trained with.

        Raises:
            ConfigError: Two members begin as the same network, or they do not fit into memory.
        """
        self._run = Run(path, config)
        self._config = config
        self._members: list[MemberTraining] = []
        state = self._state_path
        for index in range(config.members):
            folder = self._run.member(index)
            member = member_training(config, folder, index, material, state=state)
            if not self._members:
                require_room(config, member.model, material.strategy)
            self._members.append(member)
        require_different([member.model for member in self._members])
        self._step = JointStep(
            material.strategy,
            [member.step for member in self._members],
            task_of(config).distributions(config),
            coupling_of(config, material.training),
            with_xla=compiles_steps(material.strategy),
        )

    @property
    def _state_path(self) -> Path:
        """The file of the state: in the folder of the first member that is not finished."""
        unfinished = set(range(self._config.members)) - set(self._run.finished_members)
        return self._run.member(min(unfinished, default=0)) / STATE

    @property
    def model(self) -> tf_keras.Model:
        """The network of the first member."""
        return self._members[0].model

    @property
    def steps(self) -> int:
        """Optimization steps of an epoch."""
        return self._members[0].steps

    def run(self, observer: Observer) -> None:
        """Train to the end; write what an ordinary training writes of each member.

        Members that are finished are trained again beside the others, and their files stay.

        Args:
            observer: Is notified of each step and each epoch of each member.

        Raises:
            RunError: Another process is training one of the members.
            ConfigError: The members do not fit into memory.
        """
        finished = self._run.finished_members
        written = [member for member in self._members if member.member not in finished]
        path = self._state_path
        for member in self._members:
            member.state_path = path
            if member not in written:
                member.files = NoFiles(member.folder)
        with ExitStack() as held, memory_refusals(self._config):
            for member in written:
                held.enter_context(member.files.held())
            self._restore(written)
            self._train(written[0], observer)
            for member in reversed(written):  # the last one removes the state
                member.files.write_result(member.state.best, member.progress)

    def rehearse(self) -> dict[str, float]:
        """Take a few steps of all members and validate them; see `rehearsed`."""
        batches = self._members[0].batches(range(1 + TIMED_STEPS))

        def step() -> None:
            for logs in self._step(*next(batches), self._seeds(0), tf.constant(_KL_WEIGHT)):
                float(logs["loss"])

        def validate() -> None:
            for member in self._members:
                member.validate(member.step.arrays(member.model))

        return rehearsed(step, validate)

    @property
    def _is_finished(self) -> bool:
        return all(member.is_finished for member in self._members)

    def _train(self, writer: MemberTraining, observer: Observer) -> None:
        first = self._members[0]
        batches = first.batches(range(first.progress.epoch, self._config.training.epochs))
        while not self._is_finished:
            self._epoch(batches, observer)
            writer.files.write_state(self._arrays())

    def _epoch(self, batches: Batches, observer: Observer) -> None:
        started = time.monotonic()
        epoch = self._members[0].progress.epoch
        plateaus = [member.plateau_share() for member in self._members]
        means = [member.running_means(epoch, observer) for member in self._members]
        first = epoch * self.steps
        for count, batch in zip(range(first, first + self.steps), batches, strict=False):
            for member, plateau in zip(self._members, plateaus, strict=True):
                member.set_learning_rate(count, plateau)
            all_logs = self._step(*batch, self._seeds(count), tf.constant(_KL_WEIGHT))
            for of_member, logs in zip(means, all_logs, strict=True):
                of_member.add(logs)
        for member, of_member in zip(self._members, means, strict=True):
            member.end_epoch(of_member.finish(), started, observer)

    def _seeds(self, step: int) -> tf.Tensor:
        """The seed of each member in a step, as in a training of its own: int32 ``[M, 2]``."""
        return tf.constant([[member.seed, step] for member in self._members], tf.int32)

    def _arrays(self) -> Arrays:
        arrays: Arrays = {}
        for member in self._members:
            arrays |= prefixed(f"{member.member}/", member.state.arrays())
        return arrays

    def _restore(self, written: Sequence[MemberTraining]) -> None:
        """Take up the state of all members where there is one."""
        content = written[0].files.read_state()
        if not content:
            return
        path = written[0].state_path
        arrays = parse_arrays(content, path)
        for member in self._members:
            member.state.take_up(below(arrays, f"{member.member}/"), path)
        for member in written:
            member.files.take_over()


def all_members(config: Config) -> list[range]:
    """One group of all members."""
    return [range(config.members)]


def joint_training(config: Config, path: Path, members: range, material: Material) -> Training:
    """The training of all members.

    Args:
        config: The configuration.
        path: The run's folder.
        members: The group, which is all of them.
        material: What they are trained with.
    """
    return JointTraining(config, path, material)


JOINT = Diversity(groups=all_members, training=joint_training, is_joint=True)
