"""Prediction: cases are read, sampled, measured, and written as their task has it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tfuq.data.cases import Case
from tfuq.data.events import SILENT, Observer
from tfuq.data.writers.dicom import require_highdicom
from tfuq.errors import RunError
from tfuq.execution import Executor, PartDoneError, Serial
from tfuq.measures.reducers import Reducer
from tfuq.prediction.calibration_cases import OUT_OF_FOLD, calibration_cases, calibration_source
from tfuq.prediction.case_folder import Prediction
from tfuq.prediction.cases import (
    cases_of_split,
    cases_of_test_split,
    input_cases,
    inputs_of_run,
    with_masks,
    with_series,
)
from tfuq.prediction.cohort import (
    CasesFailedError,
    OwnCases,
    predict_beside_others,
    predict_by_tasks,
    refuse_failed,
)
from tfuq.prediction.out_of_fold import out_of_fold
from tfuq.prediction.pipeline import predict_case, predict_image
from tfuq.prediction.predictor import AnyPredictor, Predictor
from tfuq.prediction.request import Request, request_of
from tfuq.prediction.segmentation import VolumePredictor
from tfuq.prediction.shared import SharedFolder
from tfuq.prediction.statistics import Sampling
from tfuq.prediction.tables import TablePredictor
from tfuq.runs import Run, open_run
from tfuq.runs.results import Manifest, read_manifest
from tfuq.sampling.devices import use_device
from tfuq.tasks import NETWORK_TASKS, Task, task_of

__all__ = [
    "OUT_OF_FOLD",
    "AnyPredictor",
    "CasesFailedError",
    "Prediction",
    "Predictor",
    "Request",
    "Sampling",
    "calibration_cases",
    "calibration_source",
    "cases_of_split",
    "cases_of_test_split",
    "input_cases",
    "inputs_of_run",
    "make_predictor",
    "out_of_fold",
    "predict",
    "predict_case",
    "predict_image",
    "predict_out_of_fold",
    "predict_share",
    "request_of",
    "with_masks",
    "with_series",
]


def make_predictor(
    run: Run,
    request: Request,
    extra_reducers: Sequence[Reducer] = (),
    *,
    sampler: Sampling | None = None,
) -> AnyPredictor:
    """Make the predictor of the run's task.

    Args:
        run: The run.
        request: What to sample.
        extra_reducers: They gather more from the samples than the task does: further fields of the
            task's record.
        sampler: Samples in the place of the run's own networks, which are then not read.

    Raises:
        RunError: Samples or predictions by member are to be kept, or DICOM is to be written, and
            the task has none, or as `Predictor`.
        TfuqError: DICOM is to be written, and highdicom is not installed.
    """
    _require_kept(run, request)
    make: type[AnyPredictor] = TablePredictor
    if task_of(run.config).tables is None:
        make = VolumePredictor
    return make(run, request, extra_reducers, sampler=sampler)


def _require_kept(run: Run, request: Request) -> None:
    """Refuse to write what predictions of the task have not."""
    task = task_of(run.config)
    problem = f"{run.path} is a run of {run.config.task}"
    if request.keep_samples and not _keeps_samples(task):
        served = NETWORK_TASKS.names_where(_keeps_samples)
        raise RunError(f"--save-samples: {problem}; it serves {served}, whose samples are masks")
    if request.keep_members and not _keeps_members(task):
        served = NETWORK_TASKS.names_where(_keeps_members)
        raise RunError(f"--save-members: {problem}; it serves {served}")
    if request.written_maps is not None and not _keeps_samples(task):
        served = NETWORK_TASKS.names_where(_keeps_samples)
        raise RunError(f"--maps: {problem}; it serves {served}, whose results are maps")
    if request.write_dicom and not _keeps_samples(task):
        served = NETWORK_TASKS.names_where(_keeps_samples)
        raise RunError(f"--dicom: {problem}; it serves {served}, whose labels are maps")
    if request.write_dicom:
        require_highdicom()


def _keeps_samples(task: Task) -> bool:
    return task.tables is None


def _keeps_members(task: Task) -> bool:
    return task.tables is None or task.tables.keeps_members


def predict(
    predictor: AnyPredictor,
    cases: list[Case],
    folder: Path,
    *,
    observer: Observer = SILENT,
    overwrite: bool = False,
    executor: Executor | None = None,
    devices: str | None = None,
    asked: list[Case] | None = None,
) -> Manifest:
    """Predict every case into a folder; cases that are complete there are kept.

    Several processes may predict the same into one folder at once: they share the cases.

    Args:
        predictor: Predicts the cases.
        cases: The cases.
        folder: The predictions folder.
        observer: Is notified of each `CasePredicted`.
        overwrite: Whether other predictions in the folder are replaced.
        executor: Where cases are predicted; None for here, one after another.
        devices: What samples in other processes, as `tfuq.sampling.devices.use_device` takes it.
        asked: All cases that the folder is to have; None for the cases.

    Raises:
        PartDoneError: The cases that are this call's are predicted, and others are not its own.
        RunError: The folder holds something else, or other predictions and ``overwrite`` is not
            set; another process predicts other files into it; or something that is not tfuq's own
            lies in the place of a case.
        CasesFailedError: Cases cannot be predicted, such as a scan that cannot be read. All others
            are; a later call tries these again.
        DataError: A case is one that the calibration was made of, or DICOM is to be written and it
            is not DICOM.
    """
    if predictor.calibration:
        predictor.calibration.refuse_overlap(cases)
    predictor.require_sources(cases)
    predictor.run.require_output(folder)
    executor = executor or Serial()
    with SharedFolder(predictor, cases, folder, overwrite=overwrite, asked=asked) as shared:
        if executor.slices > 1:
            predict_by_tasks(predictor, cases, shared, executor, predict_share, devices, observer)
            observer = SILENT  # each case was told of, and is there
        predict_beside_others(predictor, shared, observer)
        finished = shared.finished()
        shared.manifest.take_in(finished)
        refuse_failed(cases, folder, finished)
    return shared.manifest


def predict_out_of_fold(
    run: Run,
    request: Request,
    folder: Path,
    *,
    observer: Observer = SILENT,
    overwrite: bool = False,
    executor: Executor | None = None,
    devices: str | None = None,
) -> Manifest:
    """Predict every training case by the member that left it out.

    Args:
        run: The run, whose members have folds.
        request: What to sample.
        folder: As `predict`.
        observer: As `predict`.
        overwrite: As `predict`.
        executor: As `predict`.
        devices: As `predict`.

    Raises:
        RunError: The run's members have no folds, or as `predict`.
        TfuqError: As `predict`.
    """
    folds = list(out_of_fold(run, request))
    asked = [case for _, cases in folds for case in cases]
    reasons: dict[str, str] = {}
    part: PartDoneError | None = None
    for number, (of_member, cases) in enumerate(folds):
        try:
            predict(
                make_predictor(run, of_member),
                cases,
                folder,
                observer=observer,
                overwrite=overwrite and number == 0,
                executor=executor,
                devices=devices,
                asked=asked,
            )
        except CasesFailedError as error:
            reasons |= error.reasons
        except PartDoneError as done:  # of this fold; the others have their part, too
            part = done
    if part is not None:
        raise part
    if reasons:
        raise CasesFailedError(folder, reasons, len(asked))
    return read_manifest(folder)


def predict_share(
    path: Path,
    request: Request,
    cases: list[Case],
    folder: Path,
    devices: str | None,
    *,
    observer: Observer,
) -> None:
    """Predict what other processes leave of a cohort; the command tells of cases that fail.

    Args:
        path: The run's folder.
        request: What to sample.
        cases: The cohort.
        folder: The predictions folder, which the command has begun.
        devices: As `tfuq.sampling.devices.use_device` takes them.
        observer: Is notified of each `CasePredicted` of this process.
    """
    use_device(devices)
    with suppress(CasesFailedError):
        predictor = make_predictor(open_run(path), request)
        predict(predictor, cases, folder, observer=OwnCases(observer))
