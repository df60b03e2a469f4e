"""The run that a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfuq.runs import Run


def opened_run(path: Path | None, method: str | None) -> Run:
    """Open a run.

    Args:
        path: The run's folder; None for the newest run of the method.
        method: A method; None for any.

    Raises:
        RunError: There is none, or its files cannot be read.
    """
    from tfuq import runs

    if path:
        return runs.open_run(path)
    return runs.newest_run(method)
