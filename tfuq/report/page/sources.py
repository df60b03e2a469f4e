"""What a report is made of: score folders, with their predictions and runs.

Predictions and runs may be gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from tfuq import runs
from tfuq.config import TASKS
from tfuq.data.json_csv import Cell, read_json, read_table, read_typed
from tfuq.errors import DataError, RunError
from tfuq.runs import Run, results
from tfuq.runs.results import Manifest, SampleCount
from tfuq.scoring.comparison import heading, method_names, require_same_data
from tfuq.scoring.evaluation import predictions_of
from tfuq.scoring.rows import column, rows_of

_AGAIN = "run tfuq score again"
Rows = list[dict[str, Cell]]
T = TypeVar("T")


class _Score(pydantic.BaseModel, extra="allow"):
    mean: float
    std: float | None = None


class _Calibration(pydantic.BaseModel, extra="allow"):
    caveat: str | None = None


class _Promise(pydantic.BaseModel, extra="allow"):
    promised: float
    vacuous: float | None = None
    broken: bool | None = None


class _Summary(pydantic.BaseModel, extra="allow"):
    method: str
    samples: SampleCount | None = None
    weights_digest: list[str] = []
    missing_members: list[int] = []
    reference: str | None = None
    label_values: str | None = None
    structure_names: str | None = None
    scores: dict[str, dict[str, _Score]] = {}
    calibration: _Calibration | None = None
    conformal: dict[str, _Promise | dict[str, _Promise]] = {}
    files: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One score folder, under its name in the report."""

    name: str
    folder: Path

    @cached_property
    def summary(self) -> dict[str, Any]:
        """``summary.json``."""
        stored = read_json(self.folder / "summary.json", _Summary, _AGAIN)
        summary = stored.model_dump(exclude_unset=True)
        summary["samples"] = stored.samples
        summary["reference"] = stored.reference
        summary["label_values"] = stored.label_values
        summary["structure_names"] = stored.structure_names
        summary["files"] = stored.files
        return summary

    @property
    def samples(self) -> int | None:
        """The number of samples T; None where it is not noted."""
        samples: int | None = self.summary["samples"]
        return samples

    @property
    def heading(self) -> str:
        """The method with its T."""
        return heading(self.name, self.samples)

    @cached_property
    def cases(self) -> Rows:
        """The rows of ``cases.csv`` that are of a case as a whole."""
        rows = read_typed(self.folder / "cases.csv", ("case", "class"), _AGAIN)
        return rows_of(rows, "class", "all")

    @cached_property
    def structures(self) -> Rows:
        """The rows of ``structures.csv`` that are of a class as a whole.

        There are none of a task without structures.
        """
        path = self.folder / "structures.csv"
        if not path.is_file():
            return []
        rows = read_typed(path, ("case", "class", "component"), _AGAIN)
        return rows_of(rows, "component", "all")

    @cached_property
    def tables(self) -> dict[str, list[dict[str, str]]]:
        """Every other table of the folder, by the name of its file, its cells as written."""
        tables = {}
        for path in self._written("*.csv"):
            if path.name != "cases.csv":
                tables[path.stem] = read_table(path, (), _AGAIN)
        return tables

    @property
    def figures(self) -> list[Path]:
        """The figures of the folder."""
        return self._written("figures/*.png")

    def _written(self, pattern: str) -> list[Path]:
        """Files that the scoring wrote.

        An earlier version did not note which; then they are all files that lie there.
        """
        paths = sorted(self.folder.glob(pattern))
        files = self.summary["files"]
        if files is None:
            return paths
        return [path for path in paths if str(path.relative_to(self.folder)) in files]

    @property
    def predictions(self) -> Path:
        """The folder that was scored."""
        return predictions_of(self.folder)

    @cached_property
    def manifest(self) -> Manifest | None:
        """The manifest of the predictions; None where they are gone."""
        if not (self.predictions / results.MANIFEST).is_file():
            return None
        return results.read_manifest(self.predictions)

    @cached_property
    def run(self) -> Run | None:
        """The run; None where it is gone.

        A run that was moved with its predictions lies above them.
        """
        candidates = [self.predictions.parent.parent]
        if self.manifest is not None:
            candidates.append(Path(self.manifest.run))
        for path in candidates:
            if runs.is_run(path):
                return runs.open_run(path)
        return None

    @property
    def present_run(self) -> Run:
        """The run, where it must be there.

        Raises:
            RunError: It is gone.
        """
        if self.run is None:
            raise RunError(f"{self.folder}: the run of these scores is gone; {_AGAIN}")
        return self.run

    @property
    def present_manifest(self) -> Manifest:
        """The manifest, where it must be there.

        Raises:
            RunError: The predictions are gone.
        """
        if self.manifest is None:
            raise RunError(f"{self.predictions}: the predictions are gone; {_AGAIN}")
        return self.manifest

    @property
    def reference(self) -> Path | None:
        """The folder of the references, where they were not the data set's own."""
        reference = self.summary["reference"]
        return None if reference is None else Path(reference)

    @property
    def task(self) -> str:
        """The task, which the scores tell.

        Raises:
            DataError: There are no scores.
        """
        if self.cases:
            for task in TASKS:
                if TASKS[task].score in self.cases[0]:
                    return task
        raise DataError(f"{self.folder / 'cases.csv'}: holds the scores of no case; {_AGAIN}")


def read_sources(folders: list[Path]) -> list[Scored]:
    """Open the score folders of a report.

    Raises:
        DataError: A folder holds no scores, or the scores are of different tasks, of different
            data, or of no case in common.
        RunError: A file is damaged.
    """
    named = method_names(folders)
    sources = [Scored(name=name, folder=folder) for name, folder in named.items()]
    require_same_data(folders)
    first = sources[0]
    for other in sources:
        if other.task != first.task:
            raise DataError(
                f"{other.folder}: is of {other.task}, {first.folder} of {first.task}; "
                "report one task at a time"
            )
    if not shared_cases(sources):
        listed = ", ".join(str(source.folder) for source in sources)
        raise DataError(f"{listed}: have no case in common; report methods on the same data")
    return sources


def shared_cases(sources: list[Scored]) -> list[str]:
    """The cases that all of the folders have, in the order of the first."""
    shared = column(sources[0].cases, "case")
    for source in sources:
        ids = set(column(source.cases, "case"))
        shared = [case_id for case_id in shared if case_id in ids]
    return shared


def by_name(sources: Iterable[Scored], make: Callable[[Scored], T]) -> dict[str, T]:
    """Make something of each source, by the source's name."""
    return {source.name: make(source) for source in sources}


def hindrance(source: Scored) -> str | None:
    """Why nothing of the source's predictions can be shown; None where it can."""
    try:
        if source.manifest is None:
            return f"{source.predictions} holds no predictions"
        if source.run is None:
            return f"the run {source.manifest.run} is gone"
        return None
    except RunError as error:
        return str(error)
