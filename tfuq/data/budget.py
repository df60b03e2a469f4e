"""How much memory a file may make tfuq take.

It is what is free, within the container's limit and the user's own.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

from tfuq.errors import ConfigError, DataError

_SIZE = re.compile(r"(\d{1,30}(?:\.\d{1,6})?)\s*([KMGT]?)i?B?", re.IGNORECASE)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_limit: int | None = None


class MemoryShortageError(DataError):
    """A file whose content does not fit into memory."""


def limit_memory(text: str | None) -> None:
    """Set the most memory that this process may take, as ``tfuq --memory`` does.

    Args:
        text: A size such as ``4GB``, ``512M`` or ``2.5G``, in units of 1024; None takes the limit
            away.

    Raises:
        ConfigError: The text is no size.
    """
    global _limit
    _limit = None if text is None else parse_size(text)


def memory_limit() -> int | None:
    """Bytes that `limit_memory` allows this process; None where there is no limit."""
    return _limit


def parse_size(text: str) -> int:
    """Parse a size such as ``4GB``.

    Returns:
        Bytes.

    Raises:
        ConfigError: The text is no size above 0.
    """
    size = 0
    match = _SIZE.fullmatch(text.strip())
    if match:
        unit = _UNITS[match[2].upper()]
        size = int(float(match[1]) * unit)
    if not size:
        raise ConfigError(f"memory '{text}': is no size above 0; write one such as 4GB or 512MB")
    return size


def free_memory() -> int:
    """Bytes that may still be taken: the least that machine, control group and ``--memory`` leave.

    It is 0 or more.
    """
    rooms = [psutil.virtual_memory().available, *_control_group_rooms()]
    if _limit is not None:
        rooms.append(_limit - psutil.Process().memory_info().rss)
    return max(min(rooms), 0)


def require_memory(shape: Iterable[float], element_bytes: float, elements: str = "voxels") -> None:
    """Refuse an array that does not fit into `free_memory`; called before it is allocated.

    Args:
        shape: Elements along each axis.
        element_bytes: Bytes that an element takes at the most while it is worked on.
        elements: What the elements are, for the message.

    Raises:
        MemoryShortageError: It takes more.
    """
    sizes = [float(size) for size in shape]
    needed = math.prod(sizes) * element_bytes
    free = free_memory()
    if needed > free:
        product = "×".join(f"{size:g}" for size in sizes)
        raise MemoryShortageError(
            f"{product} {elements} take {readable(needed)}, "
            f"more than the {readable(free)} of memory that are free; "
            f"{_memory_remedy()} or use a smaller file"
        )


def _memory_remedy() -> str:
    if _limit is None:
        return "free some,"
    return "raise --memory, free some,"


def readable(count: float) -> str:
    """A number of bytes, for people."""
    if count >= 2**30:
        return f"{count / 2**30:.3g} GB"
    return f"{count / 2**20:.3g} MB"


def _control_group_rooms() -> list[int]:
    """What Linux's control groups leave this process, of the second version and of the first."""
    rooms = []
    for group in {"", *_control_groups()}:
        second = _CONTROL_GROUPS / group
        rooms += _room(second / "memory.max", second / "memory.current")
        first = _CONTROL_GROUPS / "memory" / group
        rooms += _room(first / "memory.limit_in_bytes", first / "memory.usage_in_bytes")
    return rooms


def _control_groups() -> list[str]:
    """The control groups of this process, as paths below their root."""
    groups = []
    for line in _read("/proc/self/cgroup").splitlines():
        fields = line.split(":", 2)
        if len(fields) == 3:
            groups.append(fields[2].lstrip("/"))
    return groups


def _room(limit: Path, used: Path) -> list[int]:
    """What a control group leaves; nothing where there is no limit, or no such file."""
    most = _read(limit).strip()
    present = _read(used).strip()
    if not (most.isdecimal() and present.isdecimal()):
        return []
    return [int(most) - int(present)]


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def peak_memory() -> int:
    """The most bytes that this process has had in memory."""
    if sys.platform == "win32":
        windows: int = psutil.Process().memory_info().peak_wset
        return windows
    import resource  # Unix alone has it

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if sys.platform == "darwin":
        return peak
    return peak * 1024
