"""Devices: training always runs under a mirrored strategy; one device is a strategy of one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import cast

import tensorflow as tf

from tfuq.config import Config
from tfuq.errors import ConfigError
from tfuq.networks.layers import FLOAT32
from tfuq.sampling.devices import share_gpus
from tfuq.sampling.processors import mixed_policy
from tfuq.training.workers import WORKERS, this_worker, worker_strategy

_STEPS_AHEAD = 8
_BATCHES_AHEAD = 2  # on a GPU; a number, as tf.data would tune it in a thread that is waited for


def make_strategy(devices: str | None = None) -> tf.distribute.Strategy:
    """Make a strategy over devices; a GPU is shared with other processes.

    Args:
        devices: ``cpu:N`` (N logical CPU devices), ``gpu:0,1``, ``all`` GPUs, or ``workers``: all
            GPUs, or the CPU, of each of the processes that `tfuq.training.workers` finds. None
            takes all GPUs, or one CPU where there is none.

    Raises:
        ConfigError: This machine does not have the devices, or the process started with fewer
            logical CPUs.
    """
    share_gpus()
    if devices == WORKERS:
        return worker_strategy(this_worker(devices))
    return tf.distribute.MirroredStrategy(_device_names(devices))


def batch_shares(strategy: tf.distribute.Strategy, worker: int, batch: int) -> list[range]:
    """Which examples of every batch each replica of this process has.

    The replicas of all workers share a batch in their order, so that it is the same batch however
    many there are. The first ones have one example more where it cannot be shared evenly.

    Args:
        strategy: The devices.
        worker: The number of this process among the workers, from 0 on.
        batch: Examples in a batch.

    Returns:
        Positions within a batch, which follow each other.

    Raises:
        ConfigError: There are more devices than examples.
    """
    count = strategy.num_replicas_in_sync
    if batch < count:
        raise ConfigError(
            f"training.batch_size {batch}: {count} devices share a batch, and each needs an "
            "example; set it higher, or take fewer devices"
        )
    sizes = [(batch + count - 1 - replica) // count for replica in range(count)]
    ends = itertools.accumulate(sizes)
    shares = [range(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    replicas = len(strategy.extended.worker_devices)
    return shares[worker * replicas : (worker + 1) * replicas]


def replica_batches(
    strategy: tf.distribute.Strategy, dataset: tf.data.Dataset, sizes: Sequence[int]
) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    """Share each batch of a data set among the replicas of a strategy.

    A distributed data set would do so too. But its iterator autotunes by itself, and when it is
    dropped it waits until its autotuning thread wakes, which sleeps for up to 20 s.

    Args:
        strategy: The devices.
        dataset: Batches of images and targets, what this process has of each.
        sizes: How many examples of them each replica of this process has.

    Yields:
        A batch as `tf.distribute.Strategy.run` takes it.
    """
    if len(sizes) == 1:
        if has_gpus(strategy):
            dataset = on_device(dataset, strategy.extended.worker_devices[0])
        yield from dataset
        return
    for images, targets in dataset:
        shares = list(zip(tf.split(images, sizes), tf.split(targets, sizes), strict=True))
        yield _per_replica(strategy, shares)


def steps_ahead(strategy: tf.distribute.Strategy) -> int:
    """Steps that may be on their way before the figures of a step are read.

    A CPU has finished a step when the program goes on.
    """
    if has_gpus(strategy):
        return _STEPS_AHEAD
    return 0


def has_gpus(strategy: tf.distribute.Strategy) -> bool:
    """Whether a strategy's replicas are on GPUs."""
    return any("GPU" in device for device in strategy.extended.worker_devices)


def compiles_steps(strategy: tf.distribute.Strategy) -> bool:
    """Whether XLA compiles training steps: on a GPU that trains alone."""
    return has_gpus(strategy) and strategy.num_replicas_in_sync == 1


def on_device(dataset: tf.data.Dataset, device: str) -> tf.data.Dataset:
    """The data set, whose next batches are on a device before they are asked for."""
    to_device = tf.data.experimental.prefetch_to_device(device, _BATCHES_AHEAD)
    return dataset.apply(to_device)


def training_policy(config: Config, strategy: tf.distribute.Strategy) -> str:
    """How layers with point weights compute, see `tfuq.networks.layers.LayerFactory`.

    Args:
        config: The configuration.
        strategy: The devices.

    Raises:
        ConfigError: Precisions are to be mixed, and the devices cannot.
    """
    if config.training.precision == "mixed":
        return mixed_policy(has_gpus=has_gpus(strategy))
    return FLOAT32


def _per_replica(
    strategy: tf.distribute.Strategy, shares: list[tuple[tf.Tensor, tf.Tensor]]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Images and targets, of which each replica sees its own share."""

    def share(context: tf.distribute.ReplicaContext) -> tuple[tf.Tensor, tf.Tensor]:
        # Every worker has as many replicas, and they are numbered one worker after another.
        replica: int = context.replica_id_in_sync_group % len(shares)
        return shares[replica]

    per_replica = strategy.experimental_distribute_values_from_function(share)
    return cast(tuple[tf.Tensor, tf.Tensor], per_replica)


def _device_names(devices: str | None) -> list[str]:
    gpus = _gpus()
    if devices is None:
        return gpus or ["CPU:0"]
    if devices == "all":
        return _known(gpus, gpus, devices)
    match = re.fullmatch(r"cpu:(\d+)|gpu:(\d+(?:,\d+)*)", devices)
    if not match or match.group(1) == "0":
        raise ConfigError(
            f"--devices {devices}: not a device list; use cpu:N, gpu:0,1, all or workers"
        )
    cpus, gpu_list = match.groups()
    if cpus:
        return _logical_cpus(int(cpus))
    wanted = [f"GPU:{index}" for index in gpu_list.split(",")]
    return _known(wanted, gpus, devices)


def _gpus() -> list[str]:
    count = len(tf.config.list_physical_devices("GPU"))
    return [f"GPU:{index}" for index in range(count)]


def _logical_cpus(count: int) -> list[str]:
    cpu = tf.config.list_physical_devices("CPU")[0]
    configured = tf.config.get_logical_device_configuration(cpu)
    if len(configured or [None]) != count:
        logical_devices = [tf.config.LogicalDeviceConfiguration()] * count
        try:
            tf.config.set_logical_device_configuration(cpu, logical_devices)
        except RuntimeError as error:
            raise ConfigError(
                f"--devices cpu:{count}: TensorFlow already started in this process; "
                "set devices first"
            ) from error
    return [f"CPU:{index}" for index in range(count)]


def _known(wanted: list[str], present: list[str], devices: str) -> list[str]:
    missing = set(wanted) - set(present)
    if missing or not wanted:
        described = ", ".join(present) or "no GPU"
        raise ConfigError(
            f"--devices {devices}: this machine has {described}; use cpu:1 or name one it has"
        )
    return wanted
