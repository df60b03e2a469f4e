"""``tfuq serve-check``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq_cli import options
from tfuq_cli.progress import EventLines, quiet_import, show


@click.command("serve-check", cls=options.Command)
@click.argument("export", type=options.PATH)
@click.option(
    "--server",
    metavar="HOST:PORT",
    help="A running TensorFlow Serving of this export: its gRPC.",
)
@click.option(
    "--rest",
    metavar="HOST:PORT",
    help="The same server's REST.  [default: the port after that of --server]",
)
@click.option(
    "--inspect",
    is_flag=True,
    help="Run nothing: list signatures, operations, side effects and the digest.",
)
def command(export: Path, server: str | None, rest: str | None, inspect: bool) -> None:
    """Load EXPORT, the newest version of saved_models/NAME or a version's folder, as TensorFlow
    Serving does, and run every signature.

    The numbers must be those that tfuq predict has of the run, bit for bit. With --server a gRPC
    and a REST request are sent too. Exit code 0 if all is as it should be, 2 if not.

    A SavedModel is a program, and this runs it. An export whose graph reads or writes files, uses
    the network or calls Python is refused before it is loaded, but what is left can still take all
    memory and time. Of an export from others, look at --inspect first, which runs nothing.

    \b
    Example:
      tfuq serve-check saved_models/quickstart
      tfuq serve-check saved_models/quickstart --inspect
    """
    if rest and not server:
        raise click.UsageError("--rest needs --server, which is asked first")
    if inspect and server:
        raise click.UsageError(
            "--inspect runs nothing, so it asks no --server; leave one of them out"
        )
    with quiet_import():
        from tfuq import serving

    if inspect:
        serving.inspect(export, observer=EventLines())
        show(f"{export}: looked at, nothing was run")
        return
    compared = serving.serve_check(
        export,
        server=server,
        rest=rest,
        observer=EventLines(),
    )
    show(f"{export}: nothing wrong found, {compared} output(s) held against tfuq predict")
