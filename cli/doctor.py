"""``tfuq doctor``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tfuq_cli import options
from tfuq_cli.opened import opened_run
from tfuq_cli.progress import quiet_import, show


@click.command("doctor", cls=options.Command)
@click.argument("run", required=False, type=options.PATH)
def command(run: Path | None) -> None:
    """Look for what goes wrong in RUN, by default the newest: its members, data, predictions, and
    the network itself.

    Looks for samples that do not differ, members that are the same, a KL term that is missing or
    dwarfs the likelihood, widths of variational weights that training left where they began (every
    layer's median within a factor of two), cases in two splits, calibration on test cases, labels
    outside the classes, mismatched geometry, constant maps, and predictions that depend on the
    batch. Exit code 0 if there is no fault (there may be cautions), 2 if there is one.

    \b
    Example:
      tfuq doctor runs/quickstart/hybrid
    """
    opened = opened_run(run, None)
    with quiet_import():
        from tfuq.workflows.doctor import examine

    counts = {"fault": 0, "caution": 0}
    for finding in examine(opened):
        counts[finding.severity] += 1
        show("\n".join(finding.lines()))
    show(f"{counts['fault']} fault(s), {counts['caution']} caution(s) in {opened.path}")
    if counts["fault"]:
        sys.exit(2)
