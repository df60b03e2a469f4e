"""``tfuq view``."""

from __future__ import annotations

import math
import webbrowser
from contextlib import suppress
from pathlib import Path

import click

from tfuq.config import SERVED_METHODS
from tfuq_cli import options
from tfuq_cli.progress import show


@click.command("view", cls=options.Command)
@click.argument("target", metavar="RUN|PREDICTIONS|REVIEW", type=options.PATH)
@options.method(
    "Whose predictions of RUN to show; the run's own method if not given.", SERVED_METHODS
)
@click.option(
    "--reviewer",
    default="",
    metavar="NAME",
    help="Who decides, for the list of decisions.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Of this machine to listen on.  [default: a free one]",
)
@click.option(
    "--idle",
    type=options.NumberRange(min=0),
    metavar="MINUTES",
    help="End after so many minutes without a request.  [default: end with Ctrl-C]",
)
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
def command(
    target: Path,
    method: str | None,
    reviewer: str,
    port: int,
    idle: float | None,
    no_browser: bool,
) -> None:
    """Look at predicted cases in the browser, the least certain first, and decide on them.

    Opens a page that this machine alone can reach, with a viewer (NiiVue) of the scan, its label,
    maps of uncertainty, single samples and references. Keys accept a case, mark it for editing or
    reject it. Each decision is written to decisions.csv in the review's folder at once.

    \b
    Example:
      tfuq view runs/hippocampus/hybrid --method ensemble
    """
    from tfuq.workflows.view.server import PageServer
    from tfuq.workflows.view.session import Session
    from tfuq.workflows.view.targets import find_target

    session = Session(find_target(target, method), reviewer)
    with PageServer(session, port) as server:
        session.prepare()
        show(f"{server.guard.address}  (end with Ctrl-C)")
        if not no_browser:
            webbrowser.open(server.guard.address)
        with suppress(KeyboardInterrupt):
            server.serve(math.inf if idle is None else 60 * idle)
    decided, _ = session.log.read()
    show(f"{len(decided)} decision(s) in {session.log.path}")
