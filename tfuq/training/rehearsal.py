"""How long a training takes, from a few of its steps."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

TIMED_STEPS = 4


def rehearsed(step: Callable[[], object], validate: Callable[[], object]) -> dict[str, float]:
    """Take a few steps and validate twice.

    Args:
        step: Takes a step. It is called once, and `TIMED_STEPS` times more.
        validate: Validates.

    Returns:
        Seconds of ``build`` (the first step and the first validation), ``step`` and ``validation``.
    """
    build = _seconds(step) + _seconds(validate)
    steps = [_seconds(step) for _ in range(TIMED_STEPS)]
    return {"build": build, "step": float(np.mean(steps)), "validation": _seconds(validate)}


def _seconds(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started
