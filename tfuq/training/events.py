"""What a training tells those who listen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Takes the member, the epoch from 0 on, the step of the epoch, and figures by name: means of the
# epoch so far, or after the last step the row of the epoch, which has "epoch".
OnStep = Callable[[int, int, int, dict[str, Any]], None]


def unheard(*_event: Any) -> None:
    """A listener for those who do not listen."""
