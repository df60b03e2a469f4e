"""What a training may take: time and memory."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tfuq.errors import ConfigError

_UNITS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(min|s|m|h|d)\s*", re.IGNORECASE)
DEFAULT_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The limits of a training.

    Attributes:
        memory: Bytes of the device that trains.
        seconds: Of ``tfuq train``, all members together.
    """

    memory: int
    seconds: float


def parse_duration(text: str) -> float:
    """Parse a duration such as ``2h``, ``90 min`` or ``1h30m``.

    Returns:
        Seconds.

    Raises:
        ConfigError: The text is no duration above 0.
    """
    rest = text.strip()
    seconds = 0.0
    while match := _PART.match(rest):
        seconds += float(match[1]) * _UNITS[match[2].lower()]
        rest = rest[match.end() :]
    if rest or not seconds:
        raise ConfigError(
            f"time '{text}': is no duration above 0; write one such as 30min, 2h or 1h30m"
        )
    return seconds


def duration_text(seconds: float) -> str:
    """A duration as `parse_duration` takes it."""
    if seconds < 120:
        return f"{seconds:.0f}s"
    if seconds < 7200:
        return f"{seconds / 60:.0f}min"
    return f"{seconds / 3600:.1f}h"
