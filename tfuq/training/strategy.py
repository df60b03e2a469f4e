"""Devices: training always runs under a MirroredStrategy; one device is a strategy of one."""

from __future__ import annotations

import re

import tensorflow as tf

from tfuq.errors import ConfigError


def make_strategy(devices: str | None = None) -> tf.distribute.MirroredStrategy:
    """A strategy over ``cpu:N`` (N logical CPU devices), ``gpu:0,1``, or ``all`` GPUs; None is all GPUs, else one CPU.

    Raises:
        ConfigError: devices this machine does not have, or more logical CPUs than the process started with.
    """
    gpus = [f"GPU:{index}" for index in range(len(tf.config.list_physical_devices("GPU")))]
    if devices is None:
        return tf.distribute.MirroredStrategy(gpus or ["CPU:0"])
    if devices == "all":
        return tf.distribute.MirroredStrategy(_known(gpus, gpus, devices))
    match = re.fullmatch(r"cpu:(\d+)|gpu:(\d+(?:,\d+)*)", devices)
    if not match or match.group(1) == "0":
        raise ConfigError(f"--devices {devices}: not a device list; use cpu:N, gpu:0,1 or all")
    if match.group(1):
        return tf.distribute.MirroredStrategy(_logical_cpus(int(match.group(1))))
    return tf.distribute.MirroredStrategy(_known([f"GPU:{i}" for i in match.group(2).split(",")], gpus, devices))


def _logical_cpus(count: int) -> list[str]:
    cpu = tf.config.list_physical_devices("CPU")[0]
    configured = tf.config.get_logical_device_configuration(cpu)
    if len(configured or [None]) != count:
        try:
            tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
        except RuntimeError as error:
            raise ConfigError(
                f"--devices cpu:{count}: TensorFlow already started in this process; set devices first"
            ) from error
    return [f"CPU:{index}" for index in range(count)]


def _known(wanted: list[str], present: list[str], devices: str) -> list[str]:
    missing = [device for device in wanted if device not in present]
    if missing or not wanted:
        raise ConfigError(
            f"--devices {devices}: this machine has {', '.join(present) or 'no GPU'}; use cpu:1 or name one it has"
        )
    return wanted
