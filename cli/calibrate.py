"""``tfuq calibrate``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfuq.config import SERVED_METHODS
from tfuq.execution import Executor
from tfuq_cli import options
from tfuq_cli.opened import opened_run
from tfuq_cli.progress import TaskLines, quiet_import, shell_line, show

if TYPE_CHECKING:
    from tfuq.calibration.records import Scaling, Sizes


@click.command("calibrate", cls=options.Command)
@click.argument("run", required=False, type=options.PATH)
@options.method("The method to calibrate; the run's own method if not given.", SERVED_METHODS)
@click.option(
    "--cases",
    metavar="calibration|test:SHARE|validation|out-of-fold|FILE",
    help=(
        "Cases to calibrate on: the calibration split, a share of the test split, the validation "
        "split, which chose the best epoch and so promises less surely, the training cases of a "
        "run with folds, each by the member that left it out, or a file of case ids, one a line.  "
        "[default: calibration, which the run's split must have; out-of-fold of a run with folds]"
    ),
)
@click.option(
    "--alpha",
    type=float,
    default=0.1,
    show_default=True,
    help="Conformal sets and intervals hold with 1 − ALPHA.",
)
@click.option(
    "--scaling",
    type=click.Choice(("temperature", "vector")),
    help=(
        "How probabilities are scaled; vector has a weight and a bias for each class, and serves "
        "classification.  [default: temperature, of a task with classes]"
    ),
)
@click.option(
    "--quality",
    metavar="NAME:LIMIT",
    help=(
        "What a good case is, for tfuq review: dice:0.8 (the mean over structures), "
        "worst-dice:0.8, radial-error:4 (mm, or pixels), worst-radial-error:4.  "
        "[default: dice:0.8; radial-error:4 of landmarks in mm; of classes, the right one]"
    ),
)
@click.option(
    "--delta",
    type=float,
    default=0.1,
    show_default=True,
    help=(
        "With confidence 1 − DELTA, at most a share ALPHA of the cases that tfuq review keeps "
        "is bad."
    ),
)
@click.option(
    "--refer-by",
    metavar="MEASURE",
    help=(
        "The measure by which tfuq review refers cases; choose it before you look at scores of "
        "the calibration cases.  [default: pairwise_dice, predictive_entropy, mean_radial_spread]"
    ),
)
@options.draws
@options.overwrite
@options.execute
def command(
    run: Path | None,
    method: str | None,
    cases: str | None,
    alpha: float,
    scaling: str | None,
    quality: str | None,
    delta: float,
    refer_by: str | None,
    draws: options.Draws,
    overwrite: bool,
    executor: Executor,
) -> None:
    """Calibrate a method of RUN, by default the newest run: scaling of probabilities, and conformal
    thresholds.

    Cases that were calibrated on are left out, or refused, by tfuq predict --calibrated. A
    calibration holds for one method, T, seed and set of weights.

    \b
    Example:
      tfuq calibrate runs/quickstart/hybrid --method ensemble --cases test:0.5 --alpha 0.4
      tfuq predict runs/quickstart/hybrid --method ensemble --calibrated
    """
    opened = opened_run(run, method)
    with quiet_import():
        from tfuq import prediction
        from tfuq.calibration.degenerate import degeneracies
        from tfuq.calibration.records import draw_options
        from tfuq.calibration.review import ReviewChoices
        from tfuq.workflows.calibrate import Choices, calibrate
    from tfuq.scoring.review_lines import review_lines

    method = method or opened.config.method
    request = prediction.request_of(opened.config, method, *draws)
    source = cases or prediction.calibration_source(opened)
    chosen = prediction.calibration_cases(opened, source, request.seed)
    calibration, path = calibrate(
        opened,
        request,
        chosen,
        Choices(
            source=source,
            alpha=alpha,
            kind=scaling,
            review=ReviewChoices(quality=quality, measure=refer_by, delta=delta),
        ),
        observer=TaskLines(),
        overwrite=overwrite,
        executor=executor,
    )
    if calibration.scaling:
        show(_scaling_line(calibration.scaling))
    for line in _size_lines(calibration.conformal.sizes):
        show(line)
    for line in review_lines(calibration.review):
        show(line)
    for degeneracy in degeneracies(calibration, opened.config.data.classes):
        click.echo(f"warning: {degeneracy.line()}", err=True)
    if calibration.caveat:
        click.echo(f"warning: {calibration.caveat}", err=True)
    show(
        f"{request.method} calibrated on {len(chosen)} case(s) in {path}; "
        f"next: {shell_line('predict', opened.path)} "
        f"{draw_options(opened, calibration.draws)} --calibrated"
    )


def _size_lines(sizes: Mapping[str, Sizes]) -> Iterator[str]:
    from tfuq.scoring.promise_lines import size_text

    for name, kinds in sizes.items():
        for kind, size in kinds.items():
            yield f"{name}: {kind} on the calibration cases: {size_text(size)}"


def _scaling_line(scaling: Scaling) -> str:
    kind = "vector scaling"
    if scaling.kind == "temperature":
        kind = f"temperature {1 / scaling.weights[0]:.4f}"
    return (
        f"{kind}: NLL {scaling.nll_before:.4f} → {scaling.nll_after:.4f} nat "
        f"on {scaling.items:,} items it was fitted on"
    )
