"""``tfuq plan``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq_cli import completion, options
from tfuq_cli.planned import DEFAULT_DURATION, planned_path, write_plan
from tfuq_cli.progress import shell_line, show


@click.command("plan", cls=options.Command)
@click.argument("config", shell_complete=completion.complete_config)
@options.method("What to train for; the configuration's own method if not given.")
@click.option(
    "--time",
    default=DEFAULT_DURATION,
    show_default=True,
    help="That the training may take, all members together, such as 30min or 2h.",
)
@click.option(
    "--memory",
    help="That the training may take, such as 8GB; of the GPU where there is one.  "
    "[default: most of what is free]",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    help="Plan for tfuq train --folds with as many, which share the time.",
)
@click.option("--out", type=options.PATH, help="Where to write.  [default: <config>-planned.yaml]")
def command(
    config: str,
    method: str | None,
    time: str,
    memory: str | None,
    folds: int | None,
    out: Path | None,
) -> None:
    """Fill CONFIG, a file or the name of a configuration, by what its data are like.

    It looks at the training cases, takes a few steps with networks of several sizes, and writes a
    configuration for the largest one that time and memory allow. Each decision has its reason as a
    comment. What the data mean stays as it is written.

    \b
    Example:
      tfuq plan quickstart --time 2min --out planned.yaml
    """
    path = out or planned_path(config)
    write_plan(config, path, method=method, duration=time, memory=memory, folds=folds)
    options_of_folds = ["--folds", folds] if folds else []
    show(f"go on with: {shell_line('train', path, *options_of_folds)}")
