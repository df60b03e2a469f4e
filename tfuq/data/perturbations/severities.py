"""Severities as the command line has them."""

from __future__ import annotations

import math

import numpy as np

from tfuq.data.perturbations.base import Perturbation
from tfuq.errors import ConfigError

_HELP = "give numbers, as in 0,0.1,0.5, or START:STOP:COUNT, as in -90:90:40"
_MOST = 1000


def parse_severities(text: str, perturbation: Perturbation) -> list[float]:
    """Severities in ascending order, each once, from ``a,b,c`` where any part may be ``start:stop:count``, both ends included.

    Raises:
        ConfigError: there are none, one is no number or out of the perturbation's range, or a count is below 2.
    """
    found = [value for part in text.split(",") if part.strip() for value in _part(part.strip())]
    if not found:
        raise ConfigError(f"--severity '{text}': is empty; {_HELP}")
    return sorted({perturbation.check(value) for value in found})


def _part(part: str) -> list[float]:
    numbers = part.split(":")
    if len(numbers) == 1:
        return [_number(part)]
    if len(numbers) != 3:
        raise ConfigError(f"--severity '{part}': is neither a number nor START:STOP:COUNT; {_HELP}")
    start, stop, count = map(_number, numbers)
    if count not in range(2, _MOST + 1):
        raise ConfigError(f"--severity '{part}': its count '{numbers[2]}' is not a whole number from 2 to {_MOST}; {_HELP}")
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
