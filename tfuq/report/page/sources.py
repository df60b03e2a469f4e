"""What a report is made of: score folders, with the predictions and the run that they are of where these are still there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pydantic

from tfuq import results, runs
from tfuq.data.stored import Cell, read_json, read_table, read_typed
from tfuq.errors import DataError, RunError
from tfuq.results import Manifest, SampleCount
from tfuq.runs import Run
from tfuq.scoring.comparison import heading, method_names, require_same_data
from tfuq.scoring.evaluation import predictions_of

_AGAIN = "run tfuq score again"
_TASK_SCORES = {"dice": "segmentation", "accuracy": "classification", "radial_error_px": "landmarks"}
Rows = list[dict[str, Cell]]


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
    scores: dict[str, dict[str, _Score]] = {}
    calibration: _Calibration | None = None
    conformal: dict[str, _Promise | dict[str, _Promise]] = {}
    files: dict[str, str] | None = None


@dataclass(frozen=True)
class Scored:
    """One score folder, by the name that it has in the report."""

    name: str
    folder: Path

    @cached_property
    def summary(self) -> dict[str, Any]:
        """``summary.json``."""
        found = read_json(self.folder / "summary.json", _Summary, _AGAIN)
        always = {name: getattr(found, name) for name in ("samples", "reference", "label_values")}
        return found.model_dump(exclude_unset=True) | always

    @property
    def samples(self) -> int | None:
        """The number of samples T; None where it is not noted."""
        return self.summary["samples"]

    @property
    def heading(self) -> str:
        """The method with its T."""
        return heading(self.name, self.samples)

    @cached_property
    def cases(self) -> Rows:
        """The rows of ``cases.csv`` that are of a case as a whole."""
        rows = read_typed(self.folder / "cases.csv", ("case", "class"), _AGAIN)
        return [row for row in rows if row["class"] == "all"]

    @cached_property
    def structures(self) -> Rows:
        """The rows of ``structures.csv`` that are of a class as a whole; none of a task without structures."""
        path = self.folder / "structures.csv"
        rows = read_typed(path, ("case", "class", "component"), _AGAIN) if path.is_file() else []
        return [row for row in rows if row["component"] == "all"]

    @cached_property
    def tables(self) -> dict[str, list[dict[str, str]]]:
        """Every other table that lies there, by the name of its file, its cells as they are written."""
        paths = [path for path in self._written("*.csv") if path.name != "cases.csv"]
        return {path.stem: read_table(path, (), _AGAIN) for path in paths}

    @property
    def figures(self) -> list[Path]:
        """The figures that lie there."""
        return self._written("figures/*.png")

    def _written(self, pattern: str) -> list[Path]:
        """Files that the scoring wrote; of a version that did not note which, all that lie there."""
        paths, files = sorted(self.folder.glob(pattern)), self.summary["files"]
        return paths if files is None else [path for path in paths if str(path.relative_to(self.folder)) in files]

    @property
    def predictions(self) -> Path:
        """The folder that was scored."""
        return predictions_of(self.folder)

    @cached_property
    def manifest(self) -> Manifest | None:
        """Of the predictions; None where they are gone."""
        return results.read_manifest(self.predictions) if (self.predictions / results.MANIFEST).is_file() else None

    @cached_property
    def run(self) -> Run | None:
        """The run; None where it is gone. One that was moved with its predictions is found above them."""
        around = self.predictions.parent.parent
        named = [around] if self.manifest is None else [around, Path(self.manifest.run)]
        found = next((path for path in named if runs.is_run(path)), None)
        return None if found is None else runs.open_run(found)

    @property
    def reference(self) -> Path | None:
        """The folder of references that was scored against, where it was not the data set's own."""
        return None if self.summary["reference"] is None else Path(self.summary["reference"])

    @property
    def task(self) -> str:
        """What was predicted, which the scores show.

        Raises:
            DataError: they show nothing.
        """
        found = next((task for score, task in _TASK_SCORES.items() if self.cases and score in self.cases[0]), None)
        if found is None:
            raise DataError(f"{self.folder / 'cases.csv'}: holds the scores of no case; {_AGAIN}")
        return found


def read_sources(folders: list[Path]) -> list[Scored]:
    """The score folders of a report.

    Raises:
        DataError: one is no scores, or they are of different tasks, of different data, or of no case in common.
        RunError: a damaged file.
    """
    sources = [Scored(name, folder) for name, folder in method_names(folders).items()]
    require_same_data(folders)
    first = sources[0]
    for other in sources:
        if other.task != first.task:
            raise DataError(f"{other.folder}: is of {other.task}, {first.folder} of {first.task}; report one task at a time")
    if not shared_cases(sources):
        raise DataError(f"{', '.join(str(s.folder) for s in sources)}: have no case in common; report methods on the same data")
    return sources


def shared_cases(sources: list[Scored]) -> list[str]:
    """Cases that all of the folders have, in the order of the first."""
    others = [{row["case"] for row in source.cases} for source in sources]
    return [row["case"] for row in sources[0].cases if all(row["case"] in other for other in others)]


def readable(source: Scored) -> str | None:
    """Why nothing of the source's predictions can be shown; None where it can."""
    try:
        if source.manifest is None:
            return f"{source.predictions} holds no predictions"
        return None if source.run is not None else f"the run {source.manifest.run} is gone"
    except RunError as error:
        return str(error)
