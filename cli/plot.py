"""``tfuq plot``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq.config import SERVED_METHODS
from tfuq_cli import options
from tfuq_cli.progress import first_import, show


@click.command("plot", cls=options.Command)
@click.argument(
    "predictions", metavar="PREDICTIONS ...|RUN", nargs=-1, required=True, type=options.PATH
)
@click.option("--case", metavar="ID", required=True, help="Which case to plot.")
@click.option(
    "--slice",
    type=click.IntRange(min=0),
    help="Which slice, from 0 on.  [default: the one with most labelled area]",
)
@click.option(
    "--axis",
    type=click.IntRange(0, 2),
    help="The voxel axis to slice along.  [default: that of the network's slices, else 2]",
)
@click.option(
    "--landmark",
    metavar="NAME",
    multiple=True,
    help="A landmark to show side by side, repeatable.  [default: five far from each other]",
)
@options.several(
    "--method",
    SERVED_METHODS,
    "Of RUN: whose predictions to plot side by side, repeatable.",
)
@click.option(
    "--reference",
    type=options.PATH,
    help="Folder of references.  [default: the data set's own, where there are some]",
)
@click.option(
    "--out",
    type=options.PATH,
    help="Folder to write to.  [default: plots/CASE in the run, or in PREDICTIONS elsewhere]",
)
def command(
    predictions: tuple[Path, ...],
    case: str,
    slice: int | None,
    axis: int | None,
    landmark: tuple[str, ...],
    method: tuple[str, ...],
    reference: Path | None,
    out: Path | None,
) -> None:
    """Plot a case as PNG. Of a segmentation, a slice: image, reference, prediction, mean
    probability, members and maps of each of PREDICTIONS; these side by side; histograms of the
    maps over the slice; where prediction and reference differ, with the variation ratio there.
    Where they agree is green (TP); what is too much is yellow (FP), and what is missed red (FN).

    Of landmarks: all of them on the picture, with the ellipses of 95 % of further samples, and a
    few by all PREDICTIONS side by side, each in its colour: dots are samples, a star is their mean,
    the radius of the circle is their mean distance from it, a cross is the truth.

    \b
    Example:
      tfuq plot runs/quickstart/hybrid --method hybrid --method mc-dropout --case brain_002
    """
    with first_import("matplotlib"):
        from tfuq.report.case_figures import default_folder, folders_of, write_case_figures

    folders = folders_of(predictions, method)
    out = out or default_folder(folders[0], case)
    paths = write_case_figures(
        folders,
        case,
        out,
        axis=axis,
        index=slice,
        landmarks=landmark,
        reference=reference,
    )
    for path in paths:
        show(str(path))
