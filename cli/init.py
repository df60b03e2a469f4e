"""``tfuq init``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq.config import TASKS
from tfuq_cli import options
from tfuq_cli.planned import write_proposal
from tfuq_cli.progress import shell_line, show


@click.command("init", cls=options.Command)
@click.argument("folder", type=options.PATH)
@click.option("--task", type=click.Choice(sorted(TASKS)), help="What the data are for.")
@click.option("--name", help="Of the configuration.  [default: that of the folder]")
@click.option(
    "--labels",
    metavar="WORD",
    help="A word that the paths of labels alone have, where tfuq cannot tell which they are.",
)
@click.option("--out", type=options.PATH, help="Where to write.  [default: <name>.yaml]")
def command(
    folder: Path,
    task: str | None,
    name: str | None,
    labels: str | None,
    out: Path | None,
) -> None:
    """Look at FOLDER and write a configuration for it.

    It knows data sets with an index (nnU-Net, Medical Segmentation Decathlon), MNIST's files,
    folders of classes, tables of classes or landmarks, DICOM, and images with labels in folders or
    names of any kind. Nothing is asked. What is not certain is said, with the other way beside it.
    Then the data are checked, as by tfuq data check.

    \b
    Example:
      tfuq init phantom --name infants
    """
    from tfuq.workflows.init import propose

    proposal = propose(folder, name=name, task=task, labels=labels)
    path = out or Path(f"{proposal.name}.yaml")
    write_proposal(proposal, path)
    plan = shell_line("plan", path, "--time", "1h")
    show(f"go on with: {plan}, or at once: {shell_line('train', path)}")
