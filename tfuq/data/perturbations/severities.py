"""Severities as the command line has them."""

from __future__ import annotations

import math

import numpy as np

from tfuq.data.perturbations.base import Perturbation
from tfuq.errors import ConfigError

_HELP = "give numbers, as in 0,0.1,0.5, or START:STOP:COUNT, as in -90:90:40"
_MOST = 1000


def parse_severities(text: str, perturbation: Perturbation) -> list[float]:
    """Parse severities.

    Args:
        text: ``a,b,c``, where any item may be ``start:stop:count``, both ends included.
        perturbation: The perturbation, whose range they must be in.

    Returns:
        The severities in ascending order, each once.

    Raises:
        ConfigError: There are none, one is no number or out of the perturbation's range, or a
            count is below 2.
    """
    severities: list[float] = []
    for item in text.split(","):
        if item.strip():
            severities += _severities_of(item.strip())
    if not severities:
        raise ConfigError(f"--severity '{text}': is empty; {_HELP}")
    return sorted({perturbation.check(severity) for severity in severities})


def _severities_of(item: str) -> list[float]:
    numbers = item.split(":")
    if len(numbers) == 1:
        return [_number(item)]
    if len(numbers) != 3:
        raise ConfigError(f"--severity '{item}': is neither a number nor START:STOP:COUNT; {_HELP}")
    start, stop, count = map(_number, numbers)
    if count not in range(2, _MOST + 1):
        raise ConfigError(
            f"--severity '{item}': its count '{numbers[2]}' is not a whole number "
            f"from 2 to {_MOST}; {_HELP}"
        )
    return [_rounded(value) for value in np.linspace(start, stop, int(count))]


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"--severity: '{text}' is not a number; {_HELP}")
    return _rounded(value)


def _rounded(value: float) -> float:
    """To six digits, which is what names a severity's folder."""
    return float(f"{value:.6g}") + 0.0  # no −0
