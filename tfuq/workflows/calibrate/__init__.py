"""Calibration of a method: its scaling and conformal thresholds, from cases of no training."""

from __future__ import annotations

from pathlib import Path

from tfuq.calibration import conformal
from tfuq.calibration.records import Calibration, calibration_path, files_of, selection_caveat
from tfuq.calibration.review import check_choices
from tfuq.config import MEAN
from tfuq.data.cases import Case
from tfuq.data.events import SILENT, Observer
from tfuq.data.ownership import require_replaceable
from tfuq.errors import DataError, RunError
from tfuq.execution import Executor, Serial
from tfuq.prediction import OUT_OF_FOLD, Request
from tfuq.runs import Run
from tfuq.workflows.calibrate import classification as classification
from tfuq.workflows.calibrate import landmarks as landmarks
from tfuq.workflows.calibrate import segmentation as segmentation
from tfuq.workflows.calibrate.fit import TASK_FITS, Choices
from tfuq.workflows.calibrate.slices import Gathering, gather, gather_out_of_fold

__all__ = ["Choices", "calibrate"]


def calibrate(
    run: Run,
    request: Request,
    cases: list[Case],
    choices: Choices,
    *,
    observer: Observer = SILENT,
    overwrite: bool = False,
    executor: Executor | None = None,
) -> tuple[Calibration, Path]:
    """Calibrate a method of a run on cases with references.

    Args:
        run: to calibrate.
        request: what to sample.
        cases: with references.
        choices: of the calibration.
        observer: is notified of each `CasesSampled`.
        overwrite: whether an earlier calibration is replaced.
        executor: where cases are sampled; None for here, one after another.

    Returns:
        The calibration, and where it was written.

    Raises:
        PartDoneError: the cases that are this call's are sampled, and others are not its own.
        RunError: there is a calibration of the method already, the run cannot serve it, or samples
            are to be combined otherwise than by their mean.
        DataError: α is out of range or asks for more cases, or the kind of scaling does not serve
            the task.
    """
    path = calibration_path(run, request.method)
    _refuse_combination(request)
    _check(run, cases, choices)
    if path.exists() and not overwrite:
        raise RunError(
            f"{path}: exists; pass --overwrite to replace it, "
            "which voids the predictions that were made with it"
        )
    require_replaceable(path)
    executor = executor or Serial()
    gathering = Gathering(run=run.path.absolute(), request=request, choices=choices)
    fit = gathering.fit(run)
    with executor.holding(path.parent, "calibrating into"):
        if choices.source == OUT_OF_FOLD:
            gather_out_of_fold(fit, gathering, run, path.parent, executor, observer)
        else:
            gather(fit, gathering, cases, path.parent, executor, observer)
        files = {case.id: files_of(case) for case in cases}
        calibration = Calibration(
            draws=fit.predictor.manifest(),
            source=choices.source,
            cases=files,
            scaling=fit.scaling(),
            conformal=fit.thresholds(),
            review=fit.review(),
            caveat=selection_caveat(run, files),
        )
        calibration.write(path)
    return calibration, path


def _refuse_combination(request: Request) -> None:
    """Refuse another combination of samples than the mean, which scaling is fitted on.

    Raises:
        RunError: it is another.
    """
    if request.combine != MEAN:
        raise RunError(
            f"--combine {request.combine}: a calibration is of the mean of samples; "
            f"pass --combine {MEAN}"
        )


def _check(run: Run, cases: list[Case], choices: Choices) -> None:
    """Refuse an α or a kind of scaling that the run cannot serve."""
    conformal.check_alpha(choices.alpha, len(cases))
    kind = choices.kind
    task = run.config.task
    check_choices(choices.review, TASK_FITS[task].quality)
    scalings = TASK_FITS[task].scalings
    if kind is None or kind in scalings:
        return
    remedy = f"a run of {task} has no probabilities of classes to scale: leave --scaling out"
    if scalings:
        remedy = f"a run of {task} takes --scaling {scalings[0]}"
    served = TASK_FITS.names_where(lambda fit: kind in fit.scalings)
    raise DataError(f"--scaling {kind}: serves {served} alone; {remedy}")
