"""The run or the model that a command is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfuq.errors import RunError

if TYPE_CHECKING:
    from tfuq.runs import Run

_OF_MODELS = "models"  # the folder of what models predict, beside the runs


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What predicts, and which scans.

    Attributes:
        run: The run, or the model as one.
        scans: The scans that are given; none for the test split of the run.
        outputs: The folder that has folders of predictions.
        refuses_unlike: Whether scans are refused that are unlike the training images in size.
    """

    run: Run
    scans: tuple[Path, ...]
    outputs: Path
    refuses_unlike: bool

    def predictions(self, name: str) -> Path:
        """The folder of predictions of a name."""
        return self.outputs / "predictions" / name


def opened_subject(
    paths: tuple[Path, ...], scans: tuple[Path, ...], model: str | None, method: str | None
) -> Subject:
    """Open a run, or a model for scans.

    Args:
        paths: The run's folder, or none for the newest run; of a model, scans.
        scans: Further scans.
        model: The model's name or folder; None for a run.
        method: A method; None for any.

    Raises:
        UsageError: There are several paths and no model, or a model and no scan.
        RunError: There is none, or its files cannot be read.
    """
    if model is not None:
        return _opened_model(model, (*paths, *scans))
    if len(paths) > 1:
        raise click.UsageError(
            "give one RUN, and scans by --input; or a model by --model NAME, then scans"
        )
    run = opened_run(next(iter(paths), None), method)
    return Subject(run=run, scans=scans, outputs=run.path, refuses_unlike=False)


def _opened_model(source: str, scans: tuple[Path, ...]) -> Subject:
    from tfuq.runs import RUNS
    from tfuq.runs.models import open_model

    model = open_model(source)
    if not scans:
        raise click.UsageError(
            f"--model {source} predicts scans: give one or more, as in tfuq predict --model "
            f"{source} scan.nii.gz"
        )
    return Subject(
        run=model.run,
        scans=scans,
        outputs=RUNS / _OF_MODELS / model.name,
        refuses_unlike=model.refuses_unlike,
    )


def opened_run(path: Path | None, method: str | None) -> Run:
    """Open a run.

    Args:
        path: The run's folder; None for the newest run of the method.
        method: A method; None for any.

    Raises:
        RunError: There is none, its files cannot be read, or it is a model that comes with tfuq.
    """
    from tfuq import runs
    from tfuq.runs.models import is_shipped

    if path is None:
        return runs.newest_run(method)
    if is_shipped(path):
        raise RunError(
            f"{path}: is a model that comes with tfuq, where nothing is written; give it to tfuq "
            "predict or review by --model, or copy the folder and give the copy"
        )
    return runs.open_run(path)
