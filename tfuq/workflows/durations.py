"""Durations as people write them."""

from __future__ import annotations

import re

from tfuq.errors import ConfigError

_UNITS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(min|s|m|h|d)\s*", re.IGNORECASE)


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
    """A duration in words, as `parse_duration` takes it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
