"""``tfuq shift``: perturbs a run's test split and measures quality and uncertainty.

A table has a row for each method and severity. It answers two questions: how far does quality fall,
and does uncertainty rise with the severity?
"""

from __future__ import annotations

import itertools
import logging
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfuq.data.cases import Case
from tfuq.data.events import SILENT, Observer, SeverityDone
from tfuq.data.ownership import require_replaceable
from tfuq.data.readers import stem
from tfuq.data.writers import plan_replacement, whole_folder, whole_set, write_csv
from tfuq.errors import DataError, missing_file
from tfuq.execution import Executor, Serial, Task
from tfuq.prediction import AnyPredictor, Request, cases_of_test_split, make_predictor
from tfuq.report.shift import write_figures
from tfuq.runs import Run, open_run
from tfuq.runs.missing import warn_of_missing_members
from tfuq.sampling.devices import use_device
from tfuq.scoring.shift import shift_rows
from tfuq.scoring.shift_correlation import correlation_rows
from tfuq.workflows.shift.checking import check
from tfuq.workflows.shift.examples import read_example
from tfuq.workflows.shift.measuring import Measurer, case_ids
from tfuq.workflows.shift.plan import Plan
from tfuq.workflows.shift.referral import Referred, referred_cases
from tfuq.workflows.shift.stored import (
    KEPT,
    Draws,
    is_measured,
    read_severity,
    read_summary,
    write_severity,
)
from tfuq.workflows.shift.tasks import SHIFTS

__all__ = ["Plan", "Shift", "measure_severity", "shift"]

_TABLE = "table.csv"
_CORRELATIONS = "correlations.csv"
_SEVERITY = "severity of a shift"
_log = logging.getLogger(__name__)
# What this process measures with, by the call of `shift` and the method; of the last call alone.
_MEASURERS: dict[tuple[str, str], Measurer] = {}


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A finished study of shift.

    Attributes:
        run: The run that was studied.
        plan: What was to be done.
        folder: The folder of the study.
        rows: The rows of ``table.csv``.
        correlations: The rows of ``correlations.csv``.
        severity_folders: The folder of each method and severity.
    """

    run: Run
    plan: Plan
    folder: Path
    rows: list[dict[str, Any]]
    correlations: list[dict[str, Any]]
    severity_folders: dict[tuple[str, float], Path]

    def plot(self) -> list[Path]:
        """Plot the study.

        Returns:
            The figures that were written.

        Raises:
            RunError: A file of a severity is missing or damaged.
        """
        examples = {}
        for key, folder in self.severity_folders.items():
            examples[key] = read_example(folder, self.run.config)
        ratios = {}
        for key, folder in self.severity_folders.items():
            ratios[key] = read_summary(folder).wrong_ratios
        figures = self.folder / "figures"
        with whole_set(figures) as unfinished:
            plotted = write_figures(
                unfinished,
                self.run.config,
                rows=self.rows,
                correlations=self.correlations,
                examples=examples,
                ratios=ratios,
                meaning=self.plan.meaning,
                axis=self.plan.axis,
            )
        return [figures / path.name for path in plotted]


def shift(
    run: Run,
    requests: Sequence[Request],
    plan: Plan,
    *,
    observer: Observer = SILENT,
    overwrite: bool = False,
    executor: Executor | None = None,
) -> Shift:
    """Perturb, predict and measure the run's test split, into ``RUN/shift/<perturbation>/``.

    A severity that was measured before with the same samples is kept. Severity 0 is always
    measured, as the others are compared with it.

    Args:
        run: The run whose networks predict.
        requests: What to predict with, one request for each method.
        plan: The perturbation and its severities.
        observer: Is notified of each `SeverityDone`.
        overwrite: Whether to measure again what was measured before.
        executor: Where severities are measured; None for here, one after another.

    Raises:
        PartDoneError: The severities that are this call's are measured, and others are not its own.
        RunError: A severity was measured with other samples and ``overwrite`` is not set, or
            another process writes there.
        ConfigError: The run does not serve the perturbation.
        DataError: A case has no reference.
    """
    check(plan, run)
    folder = run.path / "shift" / plan.name
    cases = _cases(run, plan)
    for name in (_TABLE, _CORRELATIONS):
        require_replaceable(folder / name)
    if overwrite:
        for request, severity in itertools.product(requests, plan.measured):
            plan_replacement(_severity_folder(folder / request.method, severity), _SEVERITY)
    executor = executor or Serial()
    call = uuid.uuid4().hex
    with executor.holding(folder, "measuring shift in"):
        tasks = []
        manifests = {}
        for request in requests:
            measurer = _measurer(make_predictor(run, request), plan)
            _MEASURERS[call, request.method] = measurer
            manifests[request.method] = measurer.predictor.manifest()
            warn_of_missing_members(folder / request.method, manifests[request.method])
            of_method = _tasks(measurer, cases, plan, folder, call, overwrite=overwrite)
            _tell_of_kept(request.method, plan, of_method, observer)
            tasks += of_method
        try:
            executor.run(tasks, observer).require_done()
        finally:
            _MEASURERS.clear()
        referred: dict[tuple[str, float], Referred] = {}
        for method, manifest in manifests.items():
            folders = {value: _severity_folder(folder / method, value) for value in plan.measured}
            shares = referred_cases(run, manifest, cases, folders)
            referred |= {(method, severity): share for severity, share in shares.items()}
        return _tabulate(run, folder, list(manifests), plan, referred)


def _severity_folder(method_folder: Path, severity: float) -> Path:
    return method_folder / f"{severity:g}"


def _cases(run: Run, plan: Plan) -> list[Case]:
    if plan.head:
        return [_head(plan.head)]
    cases = cases_of_test_split(run)
    for case in cases:
        if not case.has_reference:
            raise DataError(
                f"case '{case.id}' of the test split has no reference, and shift holds "
                "predictions against one"
            )
    return cases


def _head(path: Path) -> Case:
    """The CT as a case whose id differs from that of another CT with the same file name."""
    if not path.is_file():
        raise missing_file(path)
    digest = zlib.crc32(path.read_bytes())
    return Case(f"{stem(path)}-{digest:08x}", (path,))


def _measurer(predictor: AnyPredictor, plan: Plan) -> Measurer:
    task = SHIFTS[predictor.config.task]
    if plan.head and task.head_measurer:
        return task.head_measurer(predictor, plan)
    return task.measurer(predictor, plan)


def _tasks(
    measurer: Measurer, cases: list[Case], plan: Plan, folder: Path, call: str, *, overwrite: bool
) -> list[Task]:
    """A task for each severity of a method."""
    predictor = measurer.predictor
    run = predictor.run.path.absolute()
    request = predictor.request
    tasks = []
    for severity in plan.measured:
        target = _severity_folder(folder / request.method, severity).absolute()
        task = Task(
            name=_title(request.method, severity),
            function=measure_severity,
            arguments=(run, request, plan, cases, severity, target, call),
            is_done=not overwrite and _is_measured(target, measurer, cases, plan),
        )
        tasks.append(task)
    return tasks


def _tell_of_kept(method: str, plan: Plan, tasks: Sequence[Task], observer: Observer) -> None:
    """Notify of the severities that were measured before."""
    for severity, task in zip(plan.measured, tasks, strict=True):
        if task.is_done:
            _log.info("%s: already complete", task.name)
            observer.notify(SeverityDone(method=method, severity=severity, scores=None))


def _title(method: str, severity: float) -> str:
    return f"{method}, severity {severity:g}"


def _is_measured(folder: Path, measurer: Measurer, cases: list[Case], plan: Plan) -> bool:
    """Whether a severity was measured with the same samples."""
    draws = Draws.of(measurer.predictor.manifest(), case_ids(cases))
    return is_measured(folder, draws, with_predictions=plan.keeps_predictions)


def measure_severity(
    path: Path,
    request: Request,
    plan: Plan,
    cases: list[Case],
    severity: float,
    folder: Path,
    call: str,
    *,
    observer: Observer,
) -> None:
    """Perturb, predict and measure cases at one severity.

    Args:
        path: The run's folder.
        request: What to predict with.
        plan: The perturbation.
        cases: The cases.
        severity: In the unit of the perturbation.
        folder: Where the severity is written.
        call: Names a call of `shift`. A process loads the networks once for all of its severities.
        observer: Is notified of the `SeverityDone`.
    """
    method = request.method
    if (call, method) not in _MEASURERS:
        _MEASURERS.clear()
        use_device()
        _MEASURERS[call, method] = _measurer(make_predictor(open_run(path), request), plan)
    measurer = _MEASURERS[call, method]
    draws = Draws.of(measurer.predictor.manifest(), case_ids(cases))
    with whole_folder(folder, _SEVERITY) as unfinished:
        predictions = None
        if plan.keeps_predictions:
            predictions = unfinished / KEPT
        measured = measurer.measure(cases, severity, predictions)
        write_severity(unfinished, severity, draws, measured)
    _log.info("%s: %s", _title(method, severity), _first_score(measured.scores))
    observer.notify(SeverityDone(method=method, severity=severity, scores=measured.scores))


def _first_score(scores: dict[str, float | None]) -> str:
    for name, value in scores.items():
        if value is not None:
            return f"{name.replace('_', ' ')} {value:.4g}"
    return "without a truth"


def _tabulate(
    run: Run,
    folder: Path,
    methods: list[str],
    plan: Plan,
    referred: Mapping[tuple[str, float], Referred],
) -> Shift:
    severity_folders = {}
    for method, severity in itertools.product(methods, plan.measured):
        severity_folders[method, severity] = _severity_folder(folder / method, severity)
    measured = list(map(read_severity, severity_folders.values()))
    rows = shift_rows(measured)
    correlations = correlation_rows(rows, measured)
    for row in rows:
        share = referred.get((row["method"], row["severity"]))
        if share:
            row |= share.row
    with whole_set(folder) as unfinished:
        write_csv(unfinished / _TABLE, rows)
        write_csv(unfinished / _CORRELATIONS, correlations)
    return Shift(
        run=run,
        plan=plan,
        folder=folder,
        rows=rows,
        correlations=correlations,
        severity_folders=severity_folders,
    )
