"""The folders of a report: score folders, and predictions without scores."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pydantic

from tfuq.config import TASKS, with_reference_meaning
from tfuq.data.cases import Case
from tfuq.data.json_csv import read_json, read_table, read_typed
from tfuq.errors import DataError, RunError
from tfuq.report.page.predicted import Predicted
from tfuq.report.page.source import Rows, Source
from tfuq.runs import results
from tfuq.runs.results import Manifest, SampleCount
from tfuq.scoring.comparison import (
    distinct_names,
    method_of,
    require_distinct,
    require_same_data,
)
from tfuq.scoring.evaluation import cases_with_references, predictions_of
from tfuq.scoring.evaluation.references import referenced_cases
from tfuq.scoring.rows import column, rows_of

_log = logging.getLogger(__name__)
_AGAIN = "run tfuq score again"
SUMMARY = "summary.json"


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
    missing_cases: list[str] = []
    reference: str | None = None
    label_values: str | None = None
    structure_names: str | None = None
    scores: dict[str, dict[str, _Score]] = {}
    calibration: _Calibration | None = None
    conformal: dict[str, _Promise | dict[str, _Promise]] = {}
    files: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Scored(Source):
    """One score folder."""

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

    @cached_property
    def cases(self) -> Rows:
        """The rows of ``cases.csv`` that are of a case as a whole."""
        return rows_of(self._case_rows, "class", "all")

    @property
    def parts(self) -> Rows:
        """The rows of ``cases.csv`` that are of a class or a landmark."""
        return [row for row in self._case_rows if row["class"] != "all"]

    @cached_property
    def _case_rows(self) -> Rows:
        return read_typed(self.folder / "cases.csv", ("case", "class"), _AGAIN)

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

    def volumes(self, manifest: Manifest) -> Iterator[Case]:
        """The cases of a segmentation that a manifest lists, with their references."""
        meaning = [self.summary[name] for name in ("label_values", "structure_names")]
        config = with_reference_meaning(self.present_run.config, *meaning)
        return cases_with_references(manifest, config, self.reference)

    def images(self) -> dict[str, Case]:
        """The cases of another task by id, with their references."""
        return referenced_cases(self.present_manifest, self.present_run.config, self.reference)


def read_sources(folders: list[Path]) -> list[Source]:
    """Open the folders of a report.

    Args:
        folders: That tfuq score or tfuq predict wrote.

    Raises:
        DataError: A folder holds neither scores nor predictions, or they are of different tasks, of
            different data, or of no case in common.
        RunError: A file is damaged.
    """
    require_distinct(folders)
    sources = _opened(folders)
    scored = [source.folder for source in sources if source.has_scores]
    if scored:
        require_same_data(scored)
    for source in sources:
        if source.missing:
            _log.warning("warning: %s: %s", source.folder, source.missing)
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


def _opened(folders: list[Path]) -> list[Source]:
    methods = []
    for folder in folders:
        if _has_predictions_alone(folder):
            methods.append(results.read_manifest(folder).method)
        elif (folder / SUMMARY).is_file():
            methods.append(method_of(folder))
        else:
            raise DataError(
                f"{folder}: holds neither scores nor predictions; "
                "give a folder that tfuq score or tfuq predict wrote"
            )
    sources: list[Source] = []
    for name, folder in distinct_names(methods, folders).items():
        if _has_predictions_alone(folder):
            sources.append(Predicted(name=name, folder=folder))
        else:
            sources.append(Scored(name=name, folder=folder))
    return sources


def _has_predictions_alone(folder: Path) -> bool:
    return (folder / results.MANIFEST).is_file() and not (folder / SUMMARY).is_file()


def shared_cases(sources: Sequence[Source]) -> list[str]:
    """The cases that all of the folders have, in the order of the first."""
    shared: list[str] = column(sources[0].cases, "case")
    for source in sources:
        ids = set(column(source.cases, "case"))
        shared = [case_id for case_id in shared if case_id in ids]
    return shared


def hindrance(source: Source) -> str | None:
    """Why nothing of the source's predictions can be shown; None where it can."""
    try:
        if source.manifest is None:
            return f"{source.predictions} holds no predictions"
        if source.run is None:
            return f"the run {source.manifest.run} is gone"
        return None
    except RunError as error:
        return str(error)
