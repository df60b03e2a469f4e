"""``tfuq demo``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq import config as configuration
from tfuq.config import TASKS
from tfuq_cli import options
from tfuq_cli.progress import TrainingProgress, quiet_import, say, show

_CLOSING = """
Everything lies in {out}:
  report.html                                         open it in a browser: scores, cases, figures, provenance
  comparison.md                                       the table above
  runs/{name}/hybrid/predictions/<method>/  {predictions}
  runs/{name}/hybrid/scores/<method>/       cases.csv, summary.json
  runs/{name}/hybrid/scores/<method>/figures/   {figures}
  data/                                               the phantom and what is known of its truth
(vi has a run of its own: runs/{name}/vi/...)
Next, with your own data: {next}
"""
_WORDS = {
    "segmentation": (
        "<case>/: label and uncertainty maps (.nii.gz) and structures.csv",
        "case-*.png (look here first), uncertainty-histograms.png, dice-*.png, training.png",
        "images in DIR/image, labels of the same names in DIR/label, then\n"
        '  tfuq train quickstart -o name=mine -o data.layout=folder -o data.root=DIR -o "data.classes=[rest, structure]"\n'
        'For 2D images, other folders and other label values see "Your own data in ten minutes" in the README.',
    ),
    "classification": (
        "predictions.csv",
        "extremes.png (look here first), reliability.png, rejection.png, confusion.png, training.png",
        "images in DIR/CLASS/, then\n"
        '  tfuq train digits -o name=mine -o data.layout=image-folders -o data.root=DIR -o "data.classes=[CLASS, ...]"',
    ),
    "landmarks": (
        "landmarks.csv, samples.csv",
        "case-*.png (look here first), error-*.png, quantiles-*.png, training.png",
        "images and a CSV of file, landmark, x, y in DIR, then\n"
        "  tfuq train cephalogram -o name=mine -o data.layout=landmark-table -o data.root=DIR -o data.table=FILE.csv"
        ' -o "data.landmarks=[NAME, ...]" -o "data.annotations={}"',
    ),
}


@click.command("demo", cls=options.Command)
@click.option("--out", type=options.PATH, default=Path("demo"), show_default=True, help="Folder to write to.")
@click.option("--task", type=click.Choice(list(TASKS)), default="segmentation", show_default=True, help="What the tour is of.")
@options.overwrite
def command(out, task, overwrite) -> None:
    """Tour of tfuq on a phantom: train every method, predict, score, compare. Takes a few minutes on two cores.

    \b
    Example:
      tfuq demo --out demo
    """
    with quiet_import():
        from tfuq.demo import TOURS, demonstrate

    with TrainingProgress(configuration.load(TOURS[task]).training.epochs) as progress:
        comparison = demonstrate(out, task, on_step=progress, say=say, overwrite=overwrite)
    show(comparison.markdown())
    predictions, figures, following = _WORDS[task]
    show(_CLOSING.format(out=out, name=TOURS[task], predictions=predictions, figures=figures, next=following).strip())
