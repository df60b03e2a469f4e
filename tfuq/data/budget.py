"""How much memory a file may make tfuq take: what is free, within the container's limit and the user's own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

import psutil

from tfuq.errors import ConfigError, DataError

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_limit: int | None = None


class MemoryShortageError(DataError):
    """A file whose content does not fit into memory."""


def limit_memory(text: str | None) -> None:
    """Set the most memory that this process may take, as ``tfuq --memory`` does.

    Args:
        text: A size such as ``4GB``, ``512M`` or ``2.5G``, in units of 1024; None takes the limit away.

    Raises:
        ConfigError: the text is no size.
    """
    global _limit
    _limit = None if text is None else parse_size(text)


def parse_size(text: str) -> int:
    """Bytes of a size such as ``4GB``.

    Raises:
        ConfigError: the text is no size above 0.
    """
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)\s*([KMGT]?)i?B?", text.strip(), re.IGNORECASE)
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if not size:
        raise ConfigError(f"memory '{text}': is no size above 0; write one such as 4GB or 512MB")
    return size


def free_memory() -> int:
    """Bytes that may still be taken: the least of what machine, control group and ``--memory`` leave."""
    rooms = [psutil.virtual_memory().available, *_control_group_rooms()]
    if _limit is not None:
        rooms.append(_limit - psutil.Process().memory_info().rss)
    return max(min(rooms), 0)


def require_memory(shape: Iterable[float], element_bytes: int, what: str = "voxels") -> None:
    """Refuse an array that does not fit into `free_memory`; called before it is allocated.

    Args:
        shape: Elements along each axis.
        element_bytes: Bytes that an element takes at the most while it is worked on.
        what: What the elements are, for the message.

    Raises:
        MemoryShortageError: it takes more.
    """
    sizes = [float(size) for size in shape]
    needed = math.prod(sizes) * element_bytes
    free = free_memory()
    if needed > free:
        shown = "×".join(f"{size:g}" for size in sizes)
        raise MemoryShortageError(
            f"{shown} {what} take {_readable(needed)}, more than the {_readable(free)} of memory that are free; "
            "free some, raise --memory, or use a smaller file"
        )


def _readable(count: float) -> str:
    return f"{count / 2**30:.3g} GB" if count >= 2**30 else f"{count / 2**20:.3g} MB"


def _control_group_rooms() -> list[int]:
    """What Linux's control groups leave this process, of the second version and of the first."""
    groups = [line.split(":", 2)[2].lstrip("/") for line in _read("/proc/self/cgroup").splitlines() if line.count(":") > 1]
    rooms = []
    for group in {"", *groups}:
        second, first = _CONTROL_GROUPS / group, _CONTROL_GROUPS / "memory" / group
        rooms += _room(second / "memory.max", second / "memory.current")
        rooms += _room(first / "memory.limit_in_bytes", first / "memory.usage_in_bytes")
    return rooms


def _room(limit: Path, used: Path) -> list[int]:
    numbers = [_read(limit).strip(), _read(used).strip()]
    if not all(number.isdecimal() for number in numbers):
        return []  # no limit, or no such file
    most, present = map(int, numbers)
    return [most - present]


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
