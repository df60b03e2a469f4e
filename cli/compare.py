"""``tfuq compare``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq_cli import options
from tfuq_cli.progress import show


@click.command("compare", cls=options.Command)
@click.argument("scores", nargs=-1, type=options.PATH)
@click.option(
    "--class",
    "class_name",
    default="all",
    show_default=True,
    envvar="TFUQ_COMPARE_CLASS",
    help="The class, or the landmark, whose scores are compared.",
)
@click.option(
    "--out",
    type=options.PATH,
    help="Folder to write comparison.md and comparison.csv to.",
)
def command(scores: tuple[Path, ...], class_name: str, out: Path | None) -> None:
    """Set methods side by side: SCORES are folders that tfuq score wrote, over the same cases.

    Prints each score with the best in bold where a paired test supports it, the differences from
    the best with intervals, and the measures of uncertainty without the bias of a small T.

    \b
    Example:
      tfuq compare runs/quickstart/hybrid/scores/hybrid runs/quickstart/hybrid/scores/mc-dropout
    """
    from tfuq.scoring.comparison import compare

    comparison = compare(list(scores), class_name)
    show(comparison.markdown())
    if out:
        comparison.write(out)
        methods = len(comparison.methods)
        show(f"{methods} methods over {len(comparison.cases)} cases compared in {out}")
