"""The ``tfuq`` command: a group that imports a command's file only when it is called, so that help is instant."""

from __future__ import annotations

import importlib
import sys

import click

from tfuq.errors import TfuqError
from tfuq.version import __version__

COMMANDS = {
    "demo": "Tour on a phantom: train every method, predict, score, compare.",
    "data": "List data sets; make phantoms.",
    "train": "Train a run: one network, an ensemble, or variational weights.",
    "predict": "Draw samples for scans; write labels, probabilities, uncertainty maps.",
    "score": "Score predictions against references.",
    "compare": "Set methods side by side.",
}


class LazyGroup(click.Group):
    """Commands by name; errors of the user's own making end in one line and exit code 2."""

    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"tfuq_cli.{name}").command

    def format_commands(self, context, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, context):
        try:
            return super().invoke(context)
        except TfuqError as error:
            click.echo(f"tfuq: {error}", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            click.echo("tfuq: stopped; run the same command with --resume (train) or again (predict) to go on", err=True)
            sys.exit(130)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tfuq")
def main() -> None:
    """What a network sees in a medical image, and how sure it is.

    \b
    Example:
      tfuq train hippocampus --method mc-dropout
      tfuq predict --method mc-dropout
      tfuq score runs/hippocampus/mc-dropout/predictions/mc-dropout
    """
