"""Workers: processes, also of several hosts, that train one network together.

Each computes its share of every batch. They find each other by ``TF_CONFIG`` or by what Slurm sets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tensorflow as tf
from pydantic import Field

# The parsers of Slurm's variables alone: SlurmClusterResolver sorts hosts by name, which is not
# their order where n10 follows n9, and cannot do without a GPU.
from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver as slurm

from tfuq.data.json_csv import parse_json
from tfuq.errors import ConfigError, TfuqError

WORKERS = "workers"  # as a value of --devices
_FIRST_PORT = 15_000  # of workers that Slurm starts; below the ports that systems give away
_PORTS = 15_000
_PORTS_OF_A_STEP = 16
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
)


@dataclass(frozen=True)
class Worker:
    """This process among those that train together.

    Attributes:
        addresses: ``host:port`` of each worker; one of a process that trains alone.
        number: Of this one, from 0 on.
    """

    addresses: tuple[str, ...] = ("",)
    number: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether it is the one that writes."""
        return self.number == 0

    @property
    def is_alone(self) -> bool:
        """Whether there is no other."""
        return len(self.addresses) == 1

    def __str__(self) -> str:
        """Its number as people count."""
        return f"worker {self.number + 1} of {len(self.addresses)}"


def this_worker(devices: str | None) -> Worker:
    """Which worker this process is.

    Args:
        devices: As `tfuq.training.strategy.make_strategy` takes them. Only ``workers`` has others.

    Raises:
        ConfigError: Neither ``TF_CONFIG`` nor Slurm says which workers there are.
    """
    if devices != WORKERS:
        return Worker()
    if "TF_CONFIG" in os.environ:
        return _of_tf_config(os.environ["TF_CONFIG"])
    if "SLURM_STEP_NODELIST" in os.environ:
        return _of_slurm()
    raise ConfigError(
        "--devices workers: nothing says which workers there are; start them by srun in a Slurm "
        "job, or set TF_CONFIG for each"
    )


@dataclass(frozen=True)
class _Task:
    type: str
    index: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class _TfConfig:
    cluster: dict[str, list[str]]
    task: _Task


def _of_tf_config(text: str) -> Worker:
    config = parse_json(
        text.encode(), Path("TF_CONFIG"), _TfConfig, "correct it as TensorFlow's documentation says"
    )
    chiefs = config.cluster.get("chief", [])
    addresses = (*chiefs, *config.cluster.get("worker", []))
    number = config.task.index
    if config.task.type == "worker":
        number += len(chiefs)
    if config.task.type not in ("chief", "worker") or number >= len(addresses):
        raise ConfigError(
            f"TF_CONFIG: task {config.task.type} {config.task.index} is none of its "
            f"{len(addresses)} worker(s); give each worker its own index, from 0 on"
        )
    return Worker(addresses, number)


def _of_slurm() -> Worker:
    """The tasks of a job step, in the order of its hosts, as ``srun`` numbers them by default."""
    hosts = slurm.expand_hostlist(os.environ["SLURM_STEP_NODELIST"])
    counts = slurm.expand_tasks_per_node(os.environ["SLURM_STEP_TASKS_PER_NODE"])
    job = int(os.environ["SLURM_JOB_ID"])
    step = int(os.environ["SLURM_STEP_ID"])
    # Other jobs, and other steps of this job, may have workers on the same host.
    port = _FIRST_PORT + (job * 61 + step) * _PORTS_OF_A_STEP % _PORTS
    addresses = []
    for host, count in zip(hosts, counts, strict=True):
        addresses += [f"{host}:{port + task}" for task in range(count)]
    return Worker(tuple(addresses), int(os.environ["SLURM_PROCID"]))


def worker_strategy(worker: Worker) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Make the strategy of all workers; it waits until all of them are there.

    Args:
        worker: This one.

    Raises:
        ConfigError: TensorFlow already started.
    """
    gpus = len(tf.config.list_physical_devices("GPU"))
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(worker.addresses)}),
        task_type="worker",
        task_id=worker.number,
        rpc_layer="grpc",
        num_accelerators={"GPU": gpus},
    )
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except RuntimeError as error:
        raise ConfigError(
            "--devices workers: TensorFlow already started in this process; begin a new one"
        ) from error


class Together:
    """What workers tell each other. Each method is called by all of them, in the same order."""

    def __init__(self, strategy: tf.distribute.Strategy | None, worker: Worker) -> None:
        """Take the strategy of all workers, and which of them this one is.

        One that is alone needs no strategy.
        """
        self._strategy = strategy
        self.worker = worker

    def total(self, array: np.ndarray) -> np.ndarray:
        """The sum of the arrays that the workers give, all of one shape and type."""
        if self._strategy is None or self.worker.is_alone:
            return array
        replicas = len(self._strategy.extended.worker_devices)
        first = self.worker.number * replicas

        def of_replica(context: tf.distribute.ValueContext) -> tf.Tensor:
            if context.replica_id_in_sync_group == first:
                return tf.constant(array)
            return tf.zeros_like(array)

        values = self._strategy.experimental_distribute_values_from_function(of_replica)
        total: np.ndarray = self._strategy.reduce("SUM", values, axis=None).numpy()
        return total

    def of_chief(self, content: bytes) -> bytes:
        """The content that the chief gives; that of the others is not looked at.

        It goes as float32, in which bytes are exact, as every device adds up float32.
        """
        if self.worker.is_alone:
            return content
        if not self.worker.is_chief:
            content = b""
        length = int(self.total(np.array(len(content), np.float64)))
        if not length:
            return b""
        numbers = np.zeros(length, np.float32)
        numbers[: len(content)] = np.frombuffer(content, np.uint8)
        return self.total(numbers).astype(np.uint8).tobytes()

    def wait(self) -> None:
        """Wait until every worker has come so far."""
        self.total(np.zeros(1, np.float64))


ALONE = Together(None, Worker())


@contextmanager
def lost_worker_errors(worker: Worker) -> Iterator[None]:
    """Within the block, the errors that the loss of another worker ends in are told in one line.

    Raises:
        TfuqError: Another worker ended or cannot be reached.
    """
    try:
        yield
    except _LOST as error:
        if worker.is_alone:
            raise
        raise TfuqError(
            f"{worker}: another worker ended or cannot be reached; see what it says, and start "
            "all of them again with --resume, which goes on after the last whole epoch"
        ) from error
