"""``tfuq export``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq.config import SERVED_METHODS, Combine, Precision, SkipEmpty, Tta
from tfuq_cli import options
from tfuq_cli.opened import opened_run
from tfuq_cli.progress import quiet_import, shell_line, show

_MOST_SAMPLES = 100


@click.command("export", cls=options.Command)
@click.argument("run", required=False, type=options.PATH)
@options.method("How the export draws samples; the run's own method if not given.", SERVED_METHODS)
@click.option(
    "--to",
    type=options.PATH,
    metavar="saved_models/NAME",
    help="Folder of the model.  [default: saved_models/<config>-<method>]",
)
@click.option(
    "--max-samples",
    type=click.IntRange(1, 100_000),
    help=(
        f"No request draws more.  [default: {_MOST_SAMPLES}, or the configuration's number where "
        "that is larger]"
    ),
)
@options.allow_missing
@options.precision
@options.skip_empty
@options.tta
@options.combine
def command(
    run: Path | None,
    method: str | None,
    to: Path | None,
    max_samples: int | None,
    allow_missing: bool,
    precision: Precision | None,
    skip_empty: SkipEmpty | None,
    tta: Tta | None,
    combine: Combine | None,
) -> None:
    """Export RUN, by default the newest run of the method, for TensorFlow Serving, as the next
    version of a model.

    The SavedModel holds the graph that tfuq predict samples with, all members included. Beside it
    are models.config, batching parameters and a README with the server's command line and calls
    from clients.

    \b
    Example:
      tfuq export runs/quickstart/hybrid --to saved_models/quickstart
    """
    opened = opened_run(run, method)
    method = method or opened.config.method
    with quiet_import():
        from tfuq import serving
        from tfuq.prediction import request_of

    request = request_of(
        opened.config,
        method,
        None,
        None,
        allow_missing=allow_missing,
        precision=precision,
        skip_empty=skip_empty,
        tta=tta,
        combine=combine,
    )
    name = f"{opened.config.name}-{request.method}".replace("+", "-")  # that of a model has no plus
    folder = to or Path("saved_models") / name
    most_samples = max_samples or max(_MOST_SAMPLES, request.samples)
    version = serving.export(opened, request, folder, most_samples)
    show(
        f"{request.method} as version {version.name} of {folder.name} in {version}; "
        f"next: {shell_line('serve-check', folder)}"
    )
