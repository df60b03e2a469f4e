"""What this machine's processors compute in."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from tfuq.config import Precision
from tfuq.errors import ConfigError

_CPUINFO = Path("/proc/cpuinfo")
_CPU_FLAGS = ("avx512_bf16", "amx_bf16")
_LEAST_CAPABILITY = (8, 0)  # of an NVIDIA GPU that multiplies bfloat16
_LEAST_OF_FLOAT16 = (7, 0)  # of one that multiplies float16 fast


def require_precision(precision: Precision) -> None:
    """Refuse a precision that this machine does not compute in, and would only imitate slowly.

    Args:
        precision: the type that convolutions are computed in.

    Raises:
        ConfigError: the processor has no instructions for it.
    """
    if precision == "float32":
        return
    problem = _problem_of_gpus() if tf.config.list_physical_devices("GPU") else _problem_of_cpu()
    if problem:
        raise ConfigError(f"precision {precision}: {problem}; pass --precision float32")


def mixed_policy(*, has_gpus: bool) -> str:
    """How layers compute where training mixes precisions; see `tf_keras.mixed_precision`.

    Args:
        has_gpus: whether GPUs train.

    Raises:
        ConfigError: the processor multiplies no numbers of 16 bits.
    """
    if not has_gpus:
        problem = _problem_of_cpu()
    elif _problem_of_gpus() is None:
        problem = None
    else:
        problem = _problem_of_gpus(_LEAST_OF_FLOAT16)
        if not problem:
            return "mixed_float16"
    if problem:
        raise ConfigError(f"training.precision mixed: {problem}; set training.precision: float32")
    return "mixed_bfloat16"


def _problem_of_cpu() -> str | None:
    flags = _cpu_flags()
    if flags is None:
        return "what this processor computes in cannot be read, as /proc/cpuinfo is missing"
    if flags.isdisjoint(_CPU_FLAGS):
        return f"this processor has none of {', '.join(_CPU_FLAGS)}"
    return None


def _cpu_flags() -> set[str] | None:
    """The processor's features as Linux names them; None where it does not tell."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()


def _problem_of_gpus(least: tuple[int, int] = _LEAST_CAPABILITY) -> str | None:
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        capability = details.get("compute_capability", (0, 0))
        if capability < least:
            has = ".".join(map(str, capability))
            needed = ".".join(map(str, least))
            return f"{device.name} has compute capability {has}, and {needed} is needed"
    return None
