"""What several commands share: options, completion of their values, and the paragraph on environment variables."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem

from tfuq.config import METHODS, shipped, shipped_studies

PATH = click.Path(path_type=Path)


class Command(click.Command):
    """A command whose help names the environment variables of its options."""

    def format_epilog(self, context, formatter):
        options = [p for p in self.params if isinstance(p, click.Option)]
        if options:
            example = next((o for o in options if not o.is_flag), options[0])
            prefix = context.auto_envvar_prefix
            formatter.write_paragraph()
            formatter.write_text(f"Environment: {prefix}_<OPTION> sets an option, as {prefix}_{example.name.upper()} does.")


def complete_config(context, parameter, incomplete) -> list[CompletionItem]:
    """Files, and the names of the configurations that come with tfuq."""
    return _files_and(shipped(), incomplete)


def complete_study(context, parameter, incomplete) -> list[CompletionItem]:
    """Files, and the names of the studies that come with tfuq."""
    return _files_and(shipped_studies(), incomplete)


def _files_and(known, incomplete) -> list[CompletionItem]:
    names = [CompletionItem(name) for name in sorted(known) if name.startswith(incomplete)]
    return [CompletionItem(incomplete, type="file"), *names]


def complete_phantom(context, parameter, incomplete) -> list[str]:
    """The names of phantoms."""
    from tfuq.data.phantoms import PHANTOMS

    return [name for name in PHANTOMS if name.startswith(incomplete)]


def complete_perturbation(context, parameter, incomplete) -> list[str]:
    """The names of perturbations."""
    from tfuq.data.perturbations import PERTURBATIONS

    return [name for name in PERTURBATIONS if name.startswith(incomplete)]


def method(help_text: str, methods: Sequence[str] = METHODS):
    """``--method``."""
    return click.option("--method", type=click.Choice(methods), help=help_text)


allow_missing = click.option(
    "--allow-missing",
    is_flag=True,
    help="Do without members of an ensemble that have not finished training; what is written says which.",
)


class Draws(NamedTuple):
    """What `tfuq.prediction.request_of` takes after configuration and method; None where it is as configured."""

    samples: int | None
    seed: int | None
    batch: int | None
    allow_missing: bool


def draws(command: Callable) -> Callable:
    """``--samples``, ``--seed``, ``--batch`` and ``--allow-missing``, which reach the command together as ``draws``."""

    @click.option(
        "--samples", type=click.IntRange(1, 100_000), help="T, the number of samples.  [default: the configuration's]"
    )
    @click.option(
        "--seed", type=click.IntRange(0, 2**31 - 1), help="Seed of all that is drawn.  [default: the configuration's]"
    )
    @click.option(
        "--batch",
        type=click.IntRange(1, 1_000_000),
        help="Slices (2D) or windows (3D) held in memory at once; changes no result.",
    )
    @allow_missing
    @functools.wraps(command)
    def together(*arguments, samples, seed, batch, allow_missing, **others):
        return command(*arguments, draws=Draws(samples, seed, batch, allow_missing), **others)

    return together


overwrite = click.option(
    "--overwrite",
    is_flag=True,
    help="Replace what tfuq wrote there. What it did not write, or what was changed since, is never replaced.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, with its time and memory; write nothing.")
override = click.option(
    "-o",
    "--override",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a configuration key, as in -o training.epochs=5.",
)
