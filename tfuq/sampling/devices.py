"""The device that samples, and how processes share it."""

from __future__ import annotations

import re

import tensorflow as tf

from tfuq.errors import ConfigError


def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU, on which it places what it can."""
    return bool(tf.config.get_visible_devices("GPU"))


def share_gpus() -> None:
    """Let processes share the GPUs: each takes the memory that it needs, as it needs it.

    TensorFlow takes all memory of every GPU otherwise. Where it already started, nothing changes.
    """
    try:
        for gpu in tf.config.get_visible_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:  # it already started
        return


def use_full_float32() -> None:
    """Let GPUs multiply numbers of float32 as they are.

    Otherwise GPUs from the Ampere generation on round them to 10 bits of precision
    (TensorFloat-32), and maps differ from those of a CPU by more than 1e-4. Who wants speed instead
    sets the precision to bfloat16.
    """
    if has_gpu():
        tf.config.experimental.enable_tensor_float_32_execution(False)


def use_device(device: str | None = None) -> None:
    """Choose the device of this process; it must be chosen before TensorFlow starts.

    Args:
        device: ``cpu``, or ``gpu:0`` of the first GPU. None takes the first GPU, or the CPU where
            there is none.

    Raises:
        ConfigError: This machine does not have the device, or TensorFlow already started with
            others.
    """
    if device is not None:
        visible = _visible(device)
        try:
            if tf.config.get_visible_devices("GPU") != visible:
                tf.config.set_visible_devices(visible, "GPU")
        except RuntimeError as error:
            raise ConfigError(
                f"--devices {device}: TensorFlow already started in this process; "
                "choose the device first"
            ) from error
    share_gpus()


def _visible(device: str) -> list[tf.config.PhysicalDevice]:
    """The GPUs that are left to TensorFlow."""
    match = re.fullmatch(r"cpu(?::1)?|gpu:(\d{1,4})", device)
    if not match:
        raise ConfigError(f"--devices {device}: is not one device; use cpu or gpu:0")
    if match[1] is None:
        return []
    gpus = tf.config.list_physical_devices("GPU")
    index = int(match[1])
    if index >= len(gpus):
        names = [f"gpu:{number}" for number in range(len(gpus))]
        present = ", ".join(["cpu", *names])
        raise ConfigError(f"--devices {device}: this machine has {present}; use one that it has")
    return [gpus[index]]
