"""What the library says of its progress, as lines on stderr."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click

from tfuq.errors import printable

_LIBRARY = "tfuq"  # the logger above all of the library's


class _LinesOnStderr(logging.Handler):
    """Writes a line for each record.

    The stream is looked up for each line: tests, and a live bar, put others in its place.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; a stream whose reader has gone raises, which ends the command."""
        click.echo(printable(record.getMessage()), err=True)


@contextmanager
def library_lines(*, quiet: bool) -> Iterator[None]:
    """Show what the library says until the command has ended.

    Afterwards its logger is as it was before, so that commands may be called in one process one
    after another.

    Args:
        quiet: Whether progress is left out, and warnings alone are shown.
    """
    logger = logging.getLogger(_LIBRARY)
    level = logger.level
    propagates = logger.propagate
    handler = _LinesOnStderr()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    if quiet:
        logger.setLevel(logging.WARNING)
    logger.propagate = False  # a handler of the root would write each line once more
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagates
