"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq.config import METHODS

PATH = click.Path(path_type=Path)


def method(help_text: str):
    """``--method``."""
    return click.option("--method", type=click.Choice(METHODS), help=help_text)


overwrite = click.option("--overwrite", is_flag=True, help="Replace what is there.")
override = click.option(
    "-o",
    "--override",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a configuration key, as in -o training.epochs=5.",
)
