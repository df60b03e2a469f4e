"""``tfuq predict``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tfuq.config import MEAN, SERVED_METHODS, SPLITS, TASKS, Split
from tfuq.data.events import Observer, Observers
from tfuq.execution import Executor
from tfuq_cli import options
from tfuq_cli.opened import opened_subject
from tfuq_cli.progress import EventLines, TaskLines, echo_plan, quiet_import, shell_line, show

if TYPE_CHECKING:
    from tfuq.data.cases import Case
    from tfuq.prediction import AnyPredictor, Request
    from tfuq.runs import Run


class _Scans(NamedTuple):
    """What is predicted."""

    input: tuple[Path, ...]
    split: Split | None
    series: str | None
    mask: Path | None


class _Outputs(NamedTuple):
    """What is written of which samples."""

    calibrated: bool
    save_samples: bool
    save_members: bool
    member: int | None
    maps: str | None
    dicom: bool

    @property
    def names(self) -> tuple[str, ...] | None:
        """The maps by name; None where none is named."""
        if self.maps is None:
            return None
        return tuple(name.strip() for name in self.maps.split(","))

    def of(self, request: Request) -> Request:
        """A request that asks for them."""
        return replace(
            request,
            is_calibrated=self.calibrated,
            keep_samples=self.save_samples,
            keep_members=self.save_members,
            member=self.member,
            write_dicom=self.dicom,
            written_maps=self.names,
        )


_scans = options.together(
    "scans",
    _Scans,
    click.option(
        "--input",
        multiple=True,
        type=options.PATH,
        help=(
            "Scan, or folder of scans (a file, or a file per channel, of each), repeatable; the "
            "files of a scan's channels in turn. A folder of a DICOM series is a scan.  "
            "[default: the run's test split]"
        ),
    ),
    click.option(
        "--split",
        type=click.Choice(SPLITS),
        help=(
            "Which part of the run's split to predict; all has the calibration cases too.  "
            "[default: test; others are written to RUN/predictions/<method>-<split>]"
        ),
    ),
    click.option(
        "--series",
        metavar="UID",
        help="Which DICOM series to read of folders that hold several, for --input.",
    ),
    options.mask,
)
_outputs = options.together(
    "outputs",
    _Outputs,
    click.option(
        "--calibrated",
        is_flag=True,
        help=(
            "Scale probabilities and add sets, bounds and intervals as tfuq calibrate found; "
            "calibration cases are left out."
        ),
    ),
    click.option(
        "--save-samples",
        is_flag=True,
        help=(
            "Segmentation: keep every sample's masks too, which tfuq score needs for --dose and "
            "against several raters."
        ),
    ),
    click.option(
        "--save-members",
        is_flag=True,
        help=(
            "Segmentation, classification: keep each member's probabilities too, by which tfuq "
            "score scores each member by itself, and the diversity of the ensemble."
        ),
    ),
    click.option(
        "--member",
        type=click.IntRange(min=0),
        help="Sample this member of an ensemble alone, from 0 on.",
    ),
    click.option(
        "--maps",
        metavar="NAME,...",
        help=(
            "Segmentation: which maps to write beside the label, such as mutual_information, or "
            "label for it alone; tfuq score needs all. On request alone: aleatoric_variance and "
            "epistemic_variance, as in all,epistemic_variance.  [default: all; of heteroscedastic "
            "networks these too]"
        ),
    ),
    click.option(
        "--dicom",
        is_flag=True,
        help=(
            "Segmentation of DICOM scans: write the label as a DICOM SEG and each map of "
            "uncertainty as a DICOM parametric map too, which refer to the scan; needs pip install "
            "'tfuq[dicom]'."
        ),
    ),
)


@click.command("predict", cls=options.Command)
@click.argument("paths", metavar="[RUN | SCAN...]", nargs=-1, type=options.PATH)
@options.model
@options.method(
    "How to draw samples; the run's own method if not given. latent-code and latent-weights draw "
    "one source of a latent-vi run alone.",
    SERVED_METHODS,
)
@_scans
@click.option(
    "--out",
    type=options.PATH,
    help=(
        "Where to write.  [default: RUN/predictions/<method>, with -input for given scans; of a "
        "model, runs/models/NAME/predictions/<method>-input]"
    ),
)
@options.draws
@_outputs
@click.option(
    "--out-of-fold",
    is_flag=True,
    help=(
        "Of a run with folds: predict the training cases, each by the member that left it out.  "
        "[written to RUN/predictions/<method>-out-of-fold]"
    ),
)
@click.option(
    "--devices",
    metavar="cpu|gpu:0",
    help="Which device samples.  [default: the first GPU, or the CPU where there is none]",
)
@options.execute
@options.overwrite
@options.dry_run
def command(
    paths: tuple[Path, ...],
    model: str | None,
    method: str | None,
    scans: _Scans,
    out: Path | None,
    draws: options.Draws,
    outputs: _Outputs,
    out_of_fold: bool,
    devices: str | None,
    executor: Executor,
    overwrite: bool,
    dry_run: bool,
) -> None:
    """Predict scans with RUN, by default the newest run of the method; or SCANs with a model.

    The same command may run several times at once, also on other hosts: the processes share the
    scans, and one that dies is made up for. A scan that cannot be predicted is named, and the
    others are predicted; the exit code is 2 then.

    \b
    Example:
      tfuq predict runs/quickstart/hybrid --method mc-dropout --samples 20
      tfuq predict runs/quickstart/hybrid --method mc-dropout --split all
      tfuq predict runs/quickstart/hybrid --method deterministic --samples 8 --tta flips
      tfuq predict runs/quickstart/hybrid --execute processes:2
      tfuq predict --model hippocampus scan.nii.gz
    """
    subject = opened_subject(paths, scans.input, model, method)
    opened = subject.run
    method = method or opened.config.method
    with quiet_import():
        from tfuq import prediction
        from tfuq.sampling.devices import use_device

    use_device(devices)
    request = replace(
        outputs.of(prediction.request_of(opened.config, method, *draws)),
        split=_split_of(scans.split, are_given=bool(subject.scans or out_of_fold)),
        refuses_unlike=subject.refuses_unlike,
    )
    observer = _observer(opened)
    choices: dict[str, Any] = {"overwrite": overwrite, "executor": executor, "devices": devices}
    if out_of_fold:
        _refuse_beside_folds(subject.scans, scans, dry_run=dry_run)
        _predict_out_of_fold(opened, request, out, observer=observer, **choices)
        return
    predictor = prediction.make_predictor(opened, request)
    cases = _cases(opened, predictor, subject.scans, scans)
    name = _folder_name(request, is_of_inputs=bool(subject.scans))
    folder = out or subject.predictions(name)
    if dry_run:
        from tfuq.workflows.dry_run import plan_prediction

        echo_plan(plan_prediction(predictor, cases, folder, overwrite=overwrite))
        return
    prediction.predict(predictor, cases, folder, observer=observer, **choices)
    show(
        f"{len(cases)} case(s) by {request.method}, T = {predictor.samples}, in {folder}; "
        f"next: {shell_line(_next_command(outputs, cases), folder)}"
    )


def _observer(run: Run) -> Observer:
    if TASKS[run.config.task].has_volumes:  # other images come by the thousand
        return Observers(TaskLines(), EventLines())
    return TaskLines()


def _split_of(split: Split | None, *, are_given: bool) -> Split | None:
    """The part of the split to predict, where cases are not given otherwise."""
    if not are_given:
        return split or "test"
    if split:
        raise click.UsageError(
            f"--split {split} names cases of the run's data set, as --input and --out-of-fold name "
            "others; leave one of them out"
        )
    return None


def _cases(run: Run, predictor: AnyPredictor, files: Sequence[Path], scans: _Scans) -> list[Case]:
    """The cases of the files that are given, else those of the part of the split."""
    from tfuq import prediction

    split = predictor.request.split
    if split:
        cases = prediction.cases_of_split(run, split, predictor.calibration)
    else:
        cases = prediction.inputs_of_run(run, files)
    if scans.series:
        cases = prediction.with_series(cases, scans.series)
    if scans.mask:
        cases = prediction.with_masks(run.config, cases, scans.mask)
    return cases


def _next_command(outputs: _Outputs, cases: Sequence[Case]) -> str:
    """What can be done with the predictions.

    Scores need every map, and references. A review takes measures before calibration.
    """
    if outputs.names is not None and "all" not in outputs.names:
        return "view"
    if all(case.has_reference for case in cases):
        return "score"
    return "view" if outputs.calibrated else "review"


def _predict_out_of_fold(run: Run, request: Request, out: Path | None, **choices: Any) -> None:
    from tfuq import prediction

    folder = out or run.predictions(f"{request.method}-out-of-fold")
    made = prediction.predict_out_of_fold(run, request, folder, **choices)
    show(f"{len(made.cases)} training case(s) in {folder}; next: {shell_line('score', folder)}")


def _refuse_beside_folds(files: Sequence[Path], scans: _Scans, *, dry_run: bool) -> None:
    """Refuse options that predictions of training cases do not take."""
    given: dict[str, object] = {
        "--input": files,
        "--series": scans.series,
        "--mask": scans.mask,
        "--dry-run": dry_run,
    }
    for name, value in given.items():
        if value:
            raise click.UsageError(f"{name} does not serve --out-of-fold; leave it out")


def _folder_name(request: Request, *, is_of_inputs: bool) -> str:
    name = request.method
    if request.member is not None:
        name += f"-member-{request.member}"
    if request.split not in (None, "test"):
        name += f"-{request.split}"
    if request.combine != MEAN:
        name += f"-{request.combine}"
    if request.is_calibrated:
        name += "-calibrated"
    if is_of_inputs:
        name += "-input"
    return name
