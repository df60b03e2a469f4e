"""What this machine's processors compute in."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from tfuq.config import Precision
from tfuq.errors import ConfigError

_CPUINFO = Path("/proc/cpuinfo")
_CPU_FLAGS = ("avx512_bf16", "amx_bf16")
_LEAST_CAPABILITY = (8, 0)  # of an NVIDIA GPU that multiplies bfloat16


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


def _problem_of_gpus() -> str | None:
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        capability = details.get("compute_capability", (0, 0))
        if capability < _LEAST_CAPABILITY:
            has = ".".join(map(str, capability))
            needed = ".".join(map(str, _LEAST_CAPABILITY))
            return f"{device.name} has compute capability {has}, and {needed} is needed"
    return None
