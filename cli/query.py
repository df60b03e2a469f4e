"""``tfuq query``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfuq.config import SERVED_METHODS, TASKS
from tfuq.data.events import SILENT, Observer
from tfuq_cli import options
from tfuq_cli.opened import opened_run
from tfuq_cli.progress import EventLines, quiet_import, show

if TYPE_CHECKING:
    from tfuq.workflows.query import Query


@click.command("query", cls=options.Command)
@click.argument("run", required=False, type=options.PATH)
@options.method("How to draw samples; the run's own method if not given.", SERVED_METHODS)
@click.option(
    "--pool",
    multiple=True,
    required=True,
    type=options.PATH,
    help="Folder of images without labels, or an image; repeatable.",
)
@click.option(
    "--cases",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="How many to annotate.",
)
@options.mask
@click.option(
    "--out",
    type=options.PATH,
    help="Where to write the query.  [default: RUN/queries/<method>]",
)
@click.option(
    "--export-labels",
    metavar="DIR",
    type=options.PATH,
    help="Write the chosen cases to a new folder, to annotate there, as of tfuq review.",
)
@options.draws
@options.overwrite
def command(
    run: Path | None,
    method: str | None,
    pool: tuple[Path, ...],
    cases: int,
    mask: Path | None,
    out: Path | None,
    export_labels: Path | None,
    draws: options.Draws,
    overwrite: bool,
) -> None:
    """Say which images of a pool to annotate next.

    Predicts the pool with RUN, by default the newest run of the method; predictions that are there
    already are kept. Images on which the samples disagree most come first, and those of which a
    calibration (tfuq calibrate) expects least. Among them those are chosen that differ from each
    other and from the training images. Images that the run's data set has a label of are left out.
    Promises nothing.

    \b
    Example:
      tfuq query runs/hippocampus/hybrid --pool unlabelled --cases 20
    """
    opened = opened_run(run, method)
    with quiet_import():
        from tfuq import prediction
        from tfuq.workflows.query import SUMMARY, TABLE, query, require_enough, require_output
        from tfuq.workflows.query.pool import unlabelled
        from tfuq.workflows.review.export import require_labels

    if export_labels:
        require_labels(opened)
    observer: Observer = SILENT
    if TASKS[opened.config.task].has_volumes:
        observer = EventLines()
    method = method or opened.config.method
    request = prediction.request_of(opened.config, method, *draws)
    folder = out or opened.path / "queries" / request.method
    require_output(folder)
    images = unlabelled(opened, prediction.inputs_of_run(opened, pool))
    require_enough(images, cases)
    if mask:
        images = prediction.with_masks(opened.config, images, mask)
    predictor = prediction.make_predictor(opened, request)
    predictions = folder / "predictions"
    prediction.predict(predictor, images, predictions, observer=observer, overwrite=overwrite)
    made = query(predictions, images, cases, folder, observer=observer)
    _show(made.summary)
    if export_labels:
        _export(made, predictions, export_labels)
    show(f"{cases} of {len(images)} case(s) in {folder / TABLE}; summary in {folder / SUMMARY}")


def _show(summary: dict[str, Any]) -> None:
    show(f"information: {summary['information']}")
    show(
        f"mean information of the chosen {summary['chosen_mean_information']:.3g}, "
        f"of the pool {summary['pool_mean_information']:.3g}"
    )
    if summary["expected_quality"]:
        name = summary["expected_quality"].replace("_", " ")
        show(
            f"mean {name} of the chosen {summary['chosen_mean_expected_quality']:.2f}, "
            f"of the pool {summary['pool_mean_expected_quality']:.2f}"
        )
    show(summary["promise"])


def _export(made: Query, predictions: Path, folder: Path) -> None:
    from tfuq.workflows.review.export import CORRECTED, PREDICTED, export_labels

    exported = export_labels(predictions, made.chosen(), folder)
    show(f"{len(exported.cases)} case(s) to annotate in {folder}: labels in {folder / PREDICTED}")
    show(
        f"save corrected labels in {folder / CORRECTED}, then train a new run on them, too: "
        f"tfuq train CONFIG --run NEW {exported.training_option}"
    )
