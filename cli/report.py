"""``tfuq report``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq_cli import options
from tfuq_cli.progress import show


@click.command("report", cls=options.Command)
@click.argument(
    "scores", metavar="SCORES|PREDICTIONS ...", nargs=-1, required=True, type=options.PATH
)
@click.option(
    "--out",
    type=options.PATH,
    help="The file to write.  [default: report.html in the folder, or in what several lie below]",
)
@click.option(
    "--cases",
    type=click.IntRange(0, 1000),
    default=12,
    show_default=True,
    help="How many cases to show, as far as there is room.",
)
def command(scores: tuple[Path, ...], out: Path | None, cases: int) -> None:
    """Write one HTML file on SCORES, folders that tfuq score wrote over the same cases. It opens
    from disk in any browser, and is set for printing on A4.

    PREDICTIONS that have no references are reported too: their uncertainty, pictures, and what
    tfuq review says of them, without scores.

    \b
    Example:
      tfuq report runs/quickstart/hybrid/scores/hybrid runs/quickstart/hybrid/scores/mc-dropout
    """
    from tfuq.report.page.render import default_page, write_page

    out = out or default_page(list(scores))
    total, pictured = write_page(list(scores), out, cases)
    size = out.stat().st_size / 2**20
    show(
        f"{len(scores)} method(s), {total} case(s), pictures of {pictured}, {size:.1f} MB in "
        f"{out}; open it in a browser"
    )
