"""``tfuq dose``."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from tfuq_cli import options
from tfuq_cli.progress import say, show


@click.command("dose", cls=options.Command)
@click.argument("predictions", type=options.PATH)
@click.option(
    "--dose",
    required=True,
    type=options.PATH,
    help=(
        "Dose of a whole plan in Gy, DICOM RTDOSE or NIfTI: a file for a single case, or a folder "
        "of <case>.dcm, <case>/ (with one RTDOSE of a plan) or <case>.nii.gz."
    ),
)
@options.dose_requests
@click.option(
    "--constraint",
    multiple=True,
    metavar="[STRUCTURE:]BOUND",
    help=(
        "A bound as in 'lung: V20<35%', 'V20<500cc', 'Dmean<20Gy' or 'D95>=57Gy', repeatable; "
        "without a structure it is of each. It is met where it is in all samples, missed where it "
        "is in none, else undecided within the samples."
    ),
)
@options.figures
def command(
    predictions: Path,
    dose: Path,
    at: tuple[str, ...],
    constraint: tuple[str, ...],
    figures: bool,
) -> None:
    """Tell the dose of each structure of PREDICTIONS, a folder that tfuq predict --save-samples
    wrote, over its samples. References are not needed.

    Each value has its mean and its spread, from 2.5 to 97.5 % of the samples, which promises
    nothing of the true dose. The dose is interpolated onto the network's grid; where a structure
    leaves the dose grid it counts as 0 Gy, which is said, and a constraint is decided only if that
    part does not matter. Writes dose.csv, dose_volume.csv (the bands), constraints.csv,
    summary.json and figures into doses/METHOD beside the predictions.

    It was tried on files that pydicom wrote, and on no clinical planning system's.

    \b
    Example:
      tfuq dose runs/quickstart/hybrid/predictions/mc-dropout --dose doses --at D95 --at V20 \
--constraint 'Dmean<20Gy'
    """
    from tfuq.scoring.evaluation import dose_output
    from tfuq.scoring.evaluation.dose_effects import dose_effects
    from tfuq_cli.dose_lines import dose_lines

    say("reading doses")
    effects = dose_effects(predictions, dose, at, constraint)
    folder = dose_output(predictions)
    plot = None
    if figures:
        from tfuq.report.dose import write_dose_figures

        plot = partial(write_dose_figures, effects.curves)
    plotted = effects.write(folder, plot=plot)
    if figures:
        say(f"{len(plotted)} figures drawn")
    for line in dose_lines(effects):
        show(line)
    show(f"doses of {effects.summary['cases']} case(s) in {folder}")
