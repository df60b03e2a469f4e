"""What several commands share: options, completion of their values, and the paragraph on environment variables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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


overwrite = click.option("--overwrite", is_flag=True, help="Replace what is there.")
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, with its time and memory; write nothing.")
override = click.option(
    "-o",
    "--override",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a configuration key, as in -o training.epochs=5.",
)
