"""``tfuq score``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from tfuq.data.events import Observers
from tfuq.execution import Executor
from tfuq.measures.catalogue.aggregations import AGGREGATIONS
from tfuq.scoring.metrics import LEVELS
from tfuq_cli import options
from tfuq_cli.progress import (
    EventLines,
    TaskLines,
    few_collections,
    first_import,
    quiet_import,
    say,
    show,
    without_pydicom,
)

if TYPE_CHECKING:
    from tfuq.scoring.evaluation import ScoreOptions
    from tfuq.scoring.evaluation.doses import DoseTables
    from tfuq.scoring.evaluation.scores import Scores


class _References(NamedTuple):
    """Where the references are, and what they stand for."""

    reference: Path | None
    label_values: str | None
    structure_names: str | None

    def meaning(self) -> dict[str, str | None]:
        """What they stand for."""
        return {"label_values": self.label_values, "structure_names": self.structure_names}


class _Rules(NamedTuple):
    """What there is a choice of in the scores of a segmentation."""

    missing_distance: str
    lesion_iou: float | None
    nsd_tolerance: str | None
    aggregate: tuple[str, ...]

    def score_options(self) -> ScoreOptions:
        """The same, as the evaluation takes it."""
        from tfuq.scoring import evaluation

        return evaluation.ScoreOptions(
            has_penalty=self.missing_distance == "diagonal",
            lesion_iou=self.lesion_iou,
            tolerance=evaluation.parse_tolerance(self.nsd_tolerance),
            aggregate=self.aggregate,
        )


_references = options.together(
    "references",
    _References,
    click.option(
        "--reference",
        type=options.PATH,
        help=(
            "Folder of references; of segmentation, label files or DICOM RTSTRUCT named as the "
            "cases.  [default: the data set's own]"
        ),
    ),
    click.option(
        "--label-values",
        metavar="YAML",
        help=(
            "Segmentation: what the values of the references stand for, as in '{0: 0, 255: 1}' or "
            "'{0: 0, 1-99: 1}'.  [default: the run's data.label_values]"
        ),
    ),
    click.option(
        "--structure-names",
        metavar="YAML",
        help=(
            "Segmentation: the classes of regions (ROIs) of DICOM RTSTRUCT references that are not "
            "named as their class, as in '{GTV-1: tumour}'.  [default: the run's "
            "data.structure_names]"
        ),
    ),
)
_rules = options.together(
    "rules",
    _Rules,
    click.option(
        "--missing-distance",
        type=click.Choice(["none", "diagonal"]),
        default="none",
        show_default=True,
        help=(
            "Segmentation: HD95 and surface distance of a structure that is missed or invented: "
            "none, and the case is no part of their means, or the image's diagonal."
        ),
    ),
    click.option(
        "--lesion-iou",
        type=options.NumberRange(0, 1, min_open=True),
        help=(
            "Segmentation: a lesion is found by a predicted component of this IoU or more with "
            "it.  [default: one that shares a voxel with it]"
        ),
    ),
    click.option(
        "--nsd-tolerance",
        metavar="YAML",
        help=(
            "Segmentation: score the normalized surface Dice, the share of both surfaces within "
            "this of the other, in mm (or pixels): 1.5, or by structure as in "
            "'{liver: 2, tumour: 1}'."
        ),
    ),
    options.several(
        "--aggregate",
        AGGREGATIONS,
        "Segmentation: rank further numbers of each map of uncertainty too, of the image and about "
        "each structure: its 95th percentile (quantile), the mean of its highest 5 % (top), and "
        "its mean away from boundaries (interior); or the Dice that the run's calibration expects "
        "(learned); repeatable.",
    ),
)


@click.command("score", cls=options.Command)
@click.argument("predictions", type=options.PATH)
@_references
@click.option(
    "--ood",
    metavar="DIR_OR_CONFIG",
    help=(
        "Classification: predict this set from elsewhere too, and score how well each measure "
        "tells it from the predictions."
    ),
)
@options.several(
    "--level",
    LEVELS,
    "Rank measures by the failures that they find among these, repeatable.  "
    "[default: all that the task has]",
)
@click.option(
    "--failure-at",
    type=float,
    help=(
        "A Dice below this, or a radial error of this or more, is a failure.  "
        "[default: 4 mm, else the worst quarter]"
    ),
)
@click.option(
    "--dose",
    type=options.PATH,
    help=(
        "Segmentation: dose in Gy, DICOM RTDOSE or NIfTI, for dose–volume histograms beside those "
        "of the references: a file for a single case, or a folder of <case>.dcm, <case>/ or "
        "<case>.nii.gz; needs tfuq predict --save-samples. Without references: tfuq dose."
    ),
)
@options.dose_requests
@_rules
@options.figures
@options.execute
def command(
    predictions: Path,
    references: _References,
    ood: str | None,
    level: tuple[str, ...],
    failure_at: float | None,
    dose: Path | None,
    at: tuple[str, ...],
    rules: _Rules,
    figures: bool,
    executor: Executor,
) -> None:
    """Score PREDICTIONS, a folder that tfuq predict wrote.

    \b
    Example:
      tfuq score runs/quickstart/hybrid/predictions/mc-dropout
    """
    with first_import("scipy"), without_pydicom():
        from tfuq.scoring import evaluation
        from tfuq_cli.score_lines import score_lines

    if at and not dose:
        raise click.UsageError("--at says what is told of a dose: give it with --dose")
    doses = None
    if dose and executor.is_whole:  # else another call works the doses out
        doses = _doses(predictions, references, dose, at)
    scores = evaluation.score_folder(
        predictions,
        references.reference,
        evaluation.FailureOptions(levels=level or LEVELS, limit=failure_at),
        **references.meaning(),
        options=rules.score_options(),
        observer=Observers(EventLines(), TaskLines()),
        executor=executor,
    )
    if ood:
        with quiet_import():
            from tfuq.workflows.ood import score_elsewhere

        scores.summary["out_of_distribution"] = score_elsewhere(predictions, ood)
    if doses:
        scores.tables.update(dose=doses.values, dose_volume=doses.curves)
        scores.summary["dose_spread"] = doses.spread_coverage()
    folder = evaluation.default_output(predictions)
    plot = None
    if figures:
        plot = partial(_plot, predictions, references.reference, scores, doses)
    plotted = scores.write(folder, plot=plot)
    if figures:
        say(f"{len(plotted)} figures drawn")
    for line in score_lines(scores.summary):
        show(line)
    show(f"{scores.summary['cases']} case(s) scored in {folder}")


def _plot(
    predictions: Path,
    reference: Path | None,
    scores: Scores,
    doses: DoseTables | None,
    folder: Path,
) -> list[Path]:
    """Plot the figures of scores into a folder."""
    with first_import("matplotlib"):
        from tfuq.report.figures import write_figures

    with few_collections():
        paths = write_figures(predictions, reference, scores, folder)
        if doses:
            from tfuq.report.dose import write_dose_figures

            paths += write_dose_figures(doses.curves, folder)
    return paths


def _doses(
    predictions: Path, references: _References, dose: Path, at: tuple[str, ...]
) -> DoseTables:
    """Doses beside those of the references."""
    from tfuq.scoring.dose_quantities import parse_requests
    from tfuq.scoring.evaluation.doses import score_dose

    quantities = parse_requests(at)
    say("reading doses")
    return score_dose(
        predictions, references.reference, dose, quantities=quantities, **references.meaning()
    )
