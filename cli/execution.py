"""Where the tasks of a command run, as ``--execute`` and ``TFUQ_EXECUTE`` say."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import click

from tfuq.execution import Executor, PartDoneError, executor_of
from tfuq_cli.progress import show

VARIABLE = "TFUQ_EXECUTE"  # of every command that takes --execute
_DEFAULT = "serial"


@contextmanager
def executing(text: str | None, *, may_overwrite: bool) -> Iterator[Executor]:
    """Yield the executor of a command.

    Within the block, SIGTERM stops the command as Ctrl-C does, so that no process is left behind.
    A part that is done ends the block without an error.

    Args:
        text: What ``--execute`` says; None where it is not given.
        may_overwrite: Whether the command replaces earlier results.

    Raises:
        ConfigError: There is no such executor.
    """
    text = text or os.environ.get(VARIABLE) or _DEFAULT
    executor = executor_of(text)
    if may_overwrite and not executor.is_whole:
        raise click.UsageError(
            f"--execute {text} and --overwrite exclude each other, as each part would remove what "
            "the others have done; remove the earlier results first"
        )
    earlier_handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield executor
    except PartDoneError as end:
        show(str(end))
    finally:
        signal.signal(signal.SIGTERM, earlier_handler)
