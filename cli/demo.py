"""``tfuq demo``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from tfuq import config as configuration
from tfuq_cli import options
from tfuq_cli.progress import TrainingProgress, quiet_import, show

_CLOSING = """
Everything lies in {out}:
{words.model}  report.html                                         {report}
  comparison.md                                       the table above
  runs/{name}/hybrid/predictions/<method>/  {words.predictions}
  runs/{name}/hybrid/scores/<method>/       cases.csv, summary.json
  runs/{name}/hybrid/scores/<method>/figures/   {words.figures}
  data/                                               the phantom and what is known of its truth
(vi has a run of its own: runs/{name}/vi/...)
Next, with your own data: tfuq init FOLDER. It looks at a folder, and says how to go on.
"""
_REPORT = "open it in a browser: scores, cases, figures, provenance"


@dataclass(frozen=True, kw_only=True)
class _Words:
    """What the tour of a task ends with.

    Attributes:
        predictions: Files of predictions.
        figures: Names of figures.
        model: What the model that comes with tfuq wrote.
    """

    predictions: str
    figures: str
    model: str = ""


_WORDS = {
    "segmentation": _Words(
        predictions="<case>/: label and uncertainty maps (.nii.gz) and structures.csv",
        figures=(
            "case-*.png (look here first), uncertainty-histograms.png, dice-*.png, training.png"
        ),
        model=(
            "  model/figures/                                      a real hippocampus by a model "
            "that comes with tfuq\n"
            "  scan/                                               its scan, for tfuq predict "
            "--model hippocampus\n"
        ),
    ),
    "classification": _Words(
        predictions="predictions.csv",
        figures=(
            "extremes.png (look here first), reliability.png, rejection.png, confusion.png, "
            "training.png"
        ),
    ),
    "landmarks": _Words(
        predictions="landmarks.csv, samples.csv",
        figures="case-*.png (look here first), error-*.png, quantiles-*.png, training.png",
    ),
}


@click.command("demo", cls=options.Command)
@click.option(
    "--out",
    type=options.PATH,
    default=Path("demo"),
    show_default=True,
    help="Folder to write to.",
)
@click.option(
    "--task",
    type=click.Choice(list(_WORDS)),
    default="segmentation",
    show_default=True,
    help="What the tour is of.",
)
@options.overwrite
def command(out: Path, task: str, overwrite: bool) -> None:
    """Tour of tfuq: a model that comes with it on a real scan, which takes a minute; then five
    methods trained on a phantom, predicted, scored and compared, in a few minutes on two cores.
    Of --task classification and landmarks there is no model yet.

    \b
    Example:
      tfuq demo --out demo
    """
    with quiet_import():
        from tfuq.workflows.demo import TOURS, demonstrate

    name = TOURS[task]
    epochs = configuration.load(name).training.epochs
    with TrainingProgress(epochs) as progress:
        comparison = demonstrate(out, task, observer=progress, overwrite=overwrite)
    show(comparison.markdown())
    closing = _CLOSING.format(out=out, name=name, report=_REPORT, words=_WORDS[task])
    show(closing.strip())
