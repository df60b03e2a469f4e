"""``tfuq demo``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq import config as configuration
from tfuq_cli import options
from tfuq_cli.progress import TrainingProgress, quiet_import, say

_CLOSING = """
Everything lies in {out}:
  comparison.md                                           the table above
  runs/quickstart/hybrid/predictions/<method>/<case>/     label and uncertainty maps (.nii.gz) and structures.csv
  runs/quickstart/hybrid/scores/<method>/                 cases.csv, structures.csv, summary.json
  runs/quickstart/hybrid/scores/<method>/figures/         case-*.png (look here first), uncertainty-histograms.png,
                                                          dice-*.png, training.png
  data/                                                   the phantom, its raters and its true class probabilities
(vi has a run of its own: runs/quickstart/vi/...)
Next, with your own data: images in DIR/image, labels of the same names in DIR/label, then
  tfuq train quickstart -o name=mine -o data.layout=folder -o data.root=DIR -o "data.classes=[rest, structure]"
For 2D images, other folders and other label values see "Your own data in ten minutes" in the README.
"""


@click.command("demo", cls=options.Command)
@click.option("--out", type=options.PATH, default=Path("demo"), show_default=True, help="Folder to write to.")
@options.overwrite
def command(out, overwrite) -> None:
    """Tour of tfuq on a phantom: train every method, predict, score, compare. Takes a few minutes on two cores.

    \b
    Example:
      tfuq demo --out demo
    """
    with quiet_import():
        from tfuq.demo import demonstrate

    with TrainingProgress(configuration.load("quickstart").training.epochs) as progress:
        comparison = demonstrate(out, on_step=progress, say=say, overwrite=overwrite)
    click.echo(comparison.markdown())
    click.echo(_CLOSING.format(out=out).strip())
