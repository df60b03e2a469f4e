"""``tfuq review``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfuq.config import SERVED_METHODS, TASKS
from tfuq.data.events import Observer, Observers
from tfuq.errors import DataError
from tfuq.execution import Executor
from tfuq_cli import options
from tfuq_cli.opened import Subject, opened_subject
from tfuq_cli.progress import EventLines, TaskLines, quiet_import, shell_line, show

if TYPE_CHECKING:
    from tfuq.workflows.review import Review

_NOT_CLEAR = 3  # an exit code


@click.command("review", cls=options.Command)
@click.argument("paths", metavar="[RUN | PREDICTIONS | SCAN...]", nargs=-1, type=options.PATH)
@options.model
@options.method("How to draw samples; the run's own method if not given.", SERVED_METHODS)
@click.option(
    "--input",
    multiple=True,
    type=options.PATH,
    help="Scan or folder of scans, repeatable.  [default: the run's test split]",
)
@options.mask
@click.option(
    "--out",
    type=options.PATH,
    help=(
        "Where to write the review.  [default: RUN/reviews/<method>, with -input for given scans; "
        "of a model, runs/models/NAME/reviews/<method>-input]"
    ),
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="End with 3 where a case is referred or missing, or where nothing is promised.",
)
@click.option(
    "--export-labels",
    metavar="DIR",
    type=options.PATH,
    help=(
        "Write the referred cases to a new folder, with image, label and map of uncertainty, to "
        "correct and to train on; of segmentations."
    ),
)
@options.draws
@options.execute
def command(
    paths: tuple[Path, ...],
    model: str | None,
    method: str | None,
    input: tuple[Path, ...],
    mask: Path | None,
    out: Path | None,
    exit_code: bool,
    export_labels: Path | None,
    draws: options.Draws,
    executor: Executor,
) -> None:
    """Say which scans a human should look at, without references, the least certain first.

    Predicts with RUN, by default the newest run of the method, or SCANs with a model, or takes
    PREDICTIONS as they are.
    With a calibration of the same samples (tfuq calibrate), it estimates the quality of each
    structure, and refers or keeps each case with a promise on those that are kept. Without one it
    ranks cases, and promises nothing. A review that was stopped goes on when it is run again. A
    scan that cannot be predicted is named, and the others are reviewed; the exit code is 2 then.

    \b
    Example:
      tfuq calibrate runs/hippocampus/hybrid --method ensemble --cases test:0.5 --quality dice:0.8
      tfuq review runs/hippocampus/hybrid --method ensemble --input scans --execute processes:2
    """
    from tfuq.runs.results import MANIFEST
    from tfuq.workflows.review import SUMMARY, TABLE, default_folder, review

    observer: Observer = TaskLines()
    failure = None
    if model is None and len(paths) == 1 and (paths[0] / MANIFEST).is_file():
        predictions = paths[0]
        if input or method or mask or draws != options.Draws():
            raise DataError(
                f"{predictions}: holds predictions, which --method, --input, --mask and options of "
                "samples do not change; leave them out, or give the run"
            )
    else:
        subject = opened_subject(paths, input, model, method)
        if TASKS[subject.run.config.task].has_volumes:
            observer = Observers(observer, EventLines())
        predictions, failure = _predicted(subject, method, mask, draws, observer, executor)
    folder = out or default_folder(predictions)
    made = review(predictions, folder, observer=observer)
    _show(made.summary)
    show(f"{made.summary['cases']} case(s) in {folder / TABLE}; summary in {folder / SUMMARY}")
    if export_labels:
        _export(made, predictions, export_labels)
    show(f"look at them by {shell_line('view', folder)}")
    if failure:
        raise failure
    if exit_code and not made.is_clear:
        sys.exit(_NOT_CLEAR)


def _predicted(
    subject: Subject,
    method: str | None,
    mask: Path | None,
    draws: options.Draws,
    observer: Observer,
    executor: Executor,
) -> tuple[Path, DataError | None]:
    """Predict the cases that are not predicted yet.

    Returns:
        The folder of predictions, and the error of cases that cannot be predicted where there are
        others to review.
    """
    from tfuq.runs.results import read_manifest
    from tfuq.workflows.review import calibration_for

    with quiet_import():
        from tfuq import prediction

    run = subject.run
    inputs = subject.scans
    method = method or run.config.method
    request = prediction.request_of(run.config, method, *draws)
    request = replace(request, refuses_unlike=subject.refuses_unlike)
    predictor = prediction.make_predictor(run, request)
    calibration, _ = calibration_for(run, predictor.manifest())
    name = predictor.request.method
    if inputs:
        name += "-input"
        cases = prediction.inputs_of_run(run, inputs)
        if calibration:
            calibration.refuse_overlap(cases)
    else:
        cases = prediction.cases_of_test_split(run, calibration)
    if mask:
        cases = prediction.with_masks(run.config, cases, mask)
    folder = subject.predictions(name)
    failure: DataError | None = None
    try:
        prediction.predict(predictor, cases, folder, observer=observer, executor=executor)
    except prediction.CasesFailedError as error:
        if not read_manifest(folder).cases:
            raise
        failure = error
    if inputs:
        earlier = read_manifest(folder).cases.keys() - {case.id for case in cases}
        _tell_of_earlier(folder, len(earlier))
    return folder, failure


def _tell_of_earlier(folder: Path, count: int) -> None:
    if count:
        show(
            f"{folder} also holds {count} case(s) of earlier calls, which are reviewed too; to "
            "review scans alone, predict them by tfuq predict --out NEW, then run tfuq review NEW"
        )


def _export(made: Review, predictions: Path, folder: Path) -> None:
    from tfuq.workflows.review.export import CORRECTED, PREDICTED, export_labels

    referred = made.referred()
    if not referred:
        show(f"no case is referred, so nothing is written to {folder}")
        return
    exported = export_labels(predictions, referred, folder)
    show(f"{len(exported.cases)} case(s) to correct in {folder}: labels in {folder / PREDICTED}")
    show(
        f"save corrected labels in {folder / CORRECTED}, then train a new run on them, too: "
        f"tfuq train CONFIG --run NEW {exported.training_option}"
    )


def _show(summary: dict[str, Any]) -> None:
    if summary["decided"]:
        show(f"{summary['referred']} case(s) to refer, {summary['kept']} to keep")
        show(summary["promise"])
    else:
        click.echo(f"warning: {summary['why_no_promise']}", err=True)
        show(f"cases are ordered by {summary['ordered_by']}, the least certain first")
    if not summary["training_data_known"]:
        show(
            "whether input is like the training data is not known: the run is by an earlier version"
        )
    elif summary["unlike_training"]:
        show(f"{summary['unlike_training']} case(s) unlike the training data")
    if summary["calibration_cases_left_out"]:
        show(f"{summary['calibration_cases_left_out']} calibration case(s) left out")
