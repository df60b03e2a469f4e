"""``tfuq shift``: a run's test split, perturbed by degrees: what becomes of quality, and does uncertainty rise when it should?"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.data.cases import Case
from tfuq.data.ownership import require_replaceable
from tfuq.data.perturbations import PERTURBATIONS
from tfuq.data.readers import stem
from tfuq.data.writers import plan_replacement, whole_folder, whole_set, write_csv
from tfuq.errors import DataError, missing_file
from tfuq.locks import exclusive
from tfuq.prediction import Predictor, Request, cases_of_test_split, make_predictor
from tfuq.report.shift import write_figures
from tfuq.runs import Run
from tfuq.scoring.shift import correlation_rows, shift_rows
from tfuq.shift.heads import HeadMeasurer
from tfuq.shift.measuring import Measurer
from tfuq.shift.pictures import ClassMeasurer, LandmarkMeasurer
from tfuq.shift.plan import Plan, check
from tfuq.shift.stored import KEPT, Draws, is_measured, read_example, read_severity, read_summary, write_severity
from tfuq.shift.volumes import VolumeMeasurer

__all__ = ["Plan", "Shift", "shift"]

_TABLE, _CORRELATIONS = "table.csv", "correlations.csv"
_SEVERITY = "severity of a shift"
Say = Callable[[str], None]
_MEASURERS: dict[str, type[Measurer]] = {
    "segmentation": VolumeMeasurer,
    "classification": ClassMeasurer,
    "landmarks": LandmarkMeasurer,
}


@dataclass(frozen=True)
class Shift:
    """A finished study: its folder, the rows of ``table.csv`` and of ``correlations.csv``, and where each method and severity
    lies."""

    run: Run
    plan: Plan
    folder: Path
    rows: list[dict]
    correlations: list[dict]
    places: dict[tuple[str, float], Path]

    def draw(self) -> list[Path]:
        """Draw its figures and say what was written."""
        examples = {key: read_example(place, self.run.config) for key, place in self.places.items()}
        ratios = {key: read_summary(place).wrong_ratios for key, place in self.places.items()}
        meaning = f"{self.plan.name}: {PERTURBATIONS[self.plan.perturbation].severity}"
        found = (self.rows, self.correlations, examples, ratios)
        figures = self.folder / "figures"
        with whole_set(figures) as part:
            drawn = write_figures(part, self.run.config, *found, meaning)
        return [figures / path.name for path in drawn]


def shift(run: Run, requests: Sequence[Request], plan: Plan, *, say: Say, overwrite: bool = False) -> Shift:
    """Perturb, predict and measure the run's test split by each request, into ``RUN/shift/<perturbation>/``.

    A severity that was measured before with the same draws is kept. Severity 0, what the others are told from, is always there.

    Raises:
        RunError: a severity was measured with other draws and ``overwrite`` is not set, or another process writes there.
            ConfigError: the run does not serve the perturbation. DataError: a case has no reference.
    """
    check(plan, run)
    folder, cases = run.path / "shift" / plan.name, _head(plan.head) if plan.head else _with_references(run)
    for name in (_TABLE, _CORRELATIONS):
        require_replaceable(folder / name)
    if overwrite:
        for request, severity in itertools.product(requests, plan.measured):
            plan_replacement(folder / request.method / f"{severity:g}", _SEVERITY)
    with exclusive(folder, "measuring shift in"):
        for request in requests:
            predictor = make_predictor(run, request)
            _measure(predictor, cases, plan, folder / request.method, say, overwrite=overwrite)
        return _tabulate(run, folder, [request.method for request in requests], plan)


def _head(path: Path) -> list[Case]:
    """The CT as a case whose name tells it from another of the same name."""
    if not path.is_file():
        raise missing_file(path)
    return [Case(f"{stem(path)}-{zlib.crc32(path.read_bytes()):08x}", (path,))]


def _with_references(run: Run) -> list[Case]:
    cases = cases_of_test_split(run)
    without = next((case for case in cases if not case.has_reference), None)
    if without:
        raise DataError(f"case '{without.id}' of the test split has no reference, and shift holds predictions against one")
    return cases


def _measure(predictor: Predictor, cases: list[Case], plan: Plan, folder: Path, say: Say, *, overwrite: bool) -> None:
    measurer = (HeadMeasurer if plan.head else _MEASURERS[predictor.config.task])(predictor, plan)
    draws = Draws.of(predictor.manifest(), [case.id for case in cases])
    for severity in plan.measured:
        place, what = folder / f"{severity:g}", f"{predictor.request.method}, severity {severity:g}"
        if not overwrite and is_measured(place, draws, with_predictions=plan.keeps_predictions):
            say(f"{what}: already complete")
            continue
        with whole_folder(place, _SEVERITY) as part:
            measured = measurer.measure(cases, severity, part / KEPT if plan.keeps_predictions else None)
            write_severity(part, severity, draws, measured)
        found = ((name, value) for name, value in measured.scores.items() if value is not None)
        shown = next((f"{name.replace('_', ' ')} {value:.4g}" for name, value in found), "without a truth")
        say(f"{what}: {shown}")


def _tabulate(run: Run, folder: Path, methods: list[str], plan: Plan) -> Shift:
    places = {(method, severity): folder / method / f"{severity:g}" for method in methods for severity in plan.measured}
    measured = [read_severity(place) for place in places.values()]
    rows = shift_rows(measured)
    correlations = correlation_rows(rows, measured)
    with whole_set(folder) as part:
        write_csv(part / _TABLE, rows)
        write_csv(part / _CORRELATIONS, correlations)
    return Shift(run, plan, folder, rows, correlations, places)
