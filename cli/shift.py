"""``tfuq shift``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfuq.config import SERVED_METHODS
from tfuq.execution import Executor
from tfuq_cli import completion, options
from tfuq_cli.opened import opened_run
from tfuq_cli.progress import TaskLines, quiet_import, show

if TYPE_CHECKING:
    from tfuq.data.perturbations.base import Perturbation


class _ListsPerturbations(options.Command):
    """Help that ends with every perturbation and what its severity means."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from tfuq.data.perturbations import PERTURBATIONS

        meanings = [(name, _meaning(PERTURBATIONS[name])) for name in PERTURBATIONS]
        with formatter.section("Perturbations, and what severity means"):
            formatter.write_dl(meanings)
        super().format_epilog(context, formatter)


def _meaning(perturbation: Perturbation) -> str:
    return f"{perturbation.severity}; {perturbation.low:g} to {perturbation.high:g}"


@click.command("shift", cls=_ListsPerturbations)
@click.argument("run", required=False, type=options.PATH)
@click.option(
    "--perturbation",
    required=True,
    shell_complete=completion.complete_perturbation,
    help="What is done to the images.",
)
@click.option(
    "--severity",
    required=True,
    metavar="A,B,C|START:STOP:COUNT",
    help=(
        "Severities: numbers, or evenly spaced ones with both ends, as in -90:90:40. 0 is always "
        "added."
    ),
)
@options.several(
    "--method",
    SERVED_METHODS,
    "How to draw samples, repeatable; the run's own method if not given.",
)
@click.option(
    "--channel",
    type=click.IntRange(0, 10_000),
    help="The channel of missing-modality, from 0 on.",
)
@click.option(
    "--head-ct",
    metavar="FILE",
    type=options.PATH,
    help=(
        "Turn this CT of a head and let the network see it summed from the side, in place of the "
        "test split; of landmarks."
    ),
)
@options.draws
@click.option(
    "--save-predictions",
    is_flag=True,
    help="Keep what is predicted: maps, on the network's grid, or tables.",
)
@options.figures
@options.execute
@options.overwrite
def command(
    run: Path | None,
    perturbation: str,
    severity: str,
    method: tuple[str, ...],
    channel: int | None,
    head_ct: Path | None,
    draws: options.Draws,
    save_predictions: bool,
    figures: bool,
    executor: Executor,
    overwrite: bool,
) -> None:
    """Perturb the test split of RUN, by default the newest run, by degrees, and see whether
    uncertainty rises.

    Images are perturbed after preprocessing, labels and landmarks with them. Writes
    RUN/shift/PERTURBATION/: table.csv (quality, calibration, every uncertainty without the bias of
    a small T, AURC and OOD AUROC of each severity), correlations.csv and figures. Intervals
    resample cases. Where tfuq calibrate has made a rule of referral for the same samples, the share
    of cases that tfuq review would refer is told, too, of those that it was not made of. A rule
    that keeps all of its calibration cases has no threshold, and refers none here: a smaller
    --alpha of tfuq calibrate gives one that can see a shift.

    \b
    Example:
      tfuq shift runs/quickstart/hybrid --perturbation noise \
--severity 0,0.1,0.25,0.5,1 --method ensemble --method hybrid --execute processes:2
    """
    from tfuq.data.perturbations import PERTURBATIONS, parse_severities

    severities = tuple(parse_severities(severity, PERTURBATIONS[perturbation]))
    opened = opened_run(run, next(iter(method), None))
    with quiet_import():
        from tfuq import prediction
        from tfuq.report.shift import shown_quantities
        from tfuq.workflows.shift import Plan, shift

    methods = dict.fromkeys(method or (opened.config.method,))
    requests = [prediction.request_of(opened.config, name, *draws) for name in methods]
    plan = Plan(
        perturbation=perturbation,
        severities=severities,
        channel=channel,
        keeps_predictions=save_predictions,
        head=head_ct,
    )
    study = shift(
        opened, requests, plan, observer=TaskLines(), overwrite=overwrite, executor=executor
    )
    plotted: list[Path] = []
    if figures:
        plotted = study.plot()
    quantities = shown_quantities(study.rows)
    for row in study.correlations:
        if row["quantity"] in quantities and row["spearman"] is not None:
            show(_line(row))
    for request in requests:
        for line in _referred_lines(request.method, study.rows):
            show(line)
    show(f"{len(study.rows)} row(s) in {study.folder / 'table.csv'}, {len(plotted)} figures")


def _line(row: dict[str, Any]) -> str:
    quantity = row["quantity"].replace("_", " ")
    spearman = _correlation(row, "spearman")
    pearson = _correlation(row, "pearson")
    return (
        f"{row['method']}, T = {row['samples']}: {quantity} with severity: {spearman}, {pearson} "
        f"over {row['severities']} severities"
    )


def _referred_lines(method: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """The shares that a review would refer, where the run has a rule for the method."""
    shares = []
    cases = 0
    for row in rows:
        if row["method"] == method and "referred_share" in row:
            shares.append(f"{row['referred_share']:.2f} at {row['severity']:g}")
            cases = row["referred_of"]
    if shares:
        yield f"{method}: share of {cases} case(s) to refer, by severity: {', '.join(shares)}"


def _correlation(row: dict[str, Any], kind: str) -> str:
    """A correlation with its interval over resampled cases, of the quantities that have one."""
    text = f"{kind.capitalize()} {row[kind]:.3f}"
    low = row[f"{kind}_lower"]
    high = row[f"{kind}_upper"]
    if low is None:
        return text
    return f"{text} ({low:.3f} to {high:.3f})"
