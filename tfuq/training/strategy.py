"""Devices: training always runs under a MirroredStrategy; one device is a strategy of one."""

from __future__ import annotations

import re

import tensorflow as tf

from tfuq.errors import ConfigError


def make_strategy(devices: str | None = None) -> tf.distribute.MirroredStrategy:
    """Make a strategy over devices.

    Args:
        devices: ``cpu:N`` (N logical CPU devices), ``gpu:0,1``, or ``all`` GPUs. None takes all
            GPUs, or one CPU where there is none.

    Raises:
        ConfigError: This machine does not have the devices, or the process started with fewer
            logical CPUs.
    """
    return tf.distribute.MirroredStrategy(_device_names(devices))


def _device_names(devices: str | None) -> list[str]:
    gpus = _gpus()
    if devices is None:
        return gpus or ["CPU:0"]
    if devices == "all":
        return _known(gpus, gpus, devices)
    match = re.fullmatch(r"cpu:(\d+)|gpu:(\d+(?:,\d+)*)", devices)
    if not match or match.group(1) == "0":
        raise ConfigError(f"--devices {devices}: not a device list; use cpu:N, gpu:0,1 or all")
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
