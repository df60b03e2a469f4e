"""``tfuq serve-check``."""

from __future__ import annotations

import click

from tfuq_cli import options
from tfuq_cli.progress import quiet_import, show


@click.command("serve-check", cls=options.Command)
@click.argument("export", type=options.PATH)
@click.option("--server", metavar="HOST:PORT", help="A running TensorFlow Serving of this export: its gRPC.")
@click.option("--rest", metavar="HOST:PORT", help="The same server's REST.  [default: the port after that of --server]")
def command(export, server, rest) -> None:
    """Load EXPORT, the newest version of saved_models/NAME or a version's folder, as TensorFlow Serving does, and run every signature.

    The numbers must be those that tfuq predict has of the run, bit for bit. With --server a gRPC and a REST request are sent too.
    Exit code 0 if all is as it should be, 2 if not.

    \b
    Example:
      tfuq serve-check saved_models/quickstart
    """
    if rest and not server:
        raise click.UsageError("--rest needs --server, which is asked first")
    with quiet_import():
        from tfuq.serving import serve_check

    compared = serve_check(export, show, server=server, rest=rest)
    show(f"{export}: nothing wrong found, {compared} output(s) held against tfuq predict")
