"""What a report is made of: predictions with their run, and what was made of them.

Predictions and runs may be gone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from tfuq import runs
from tfuq.data.cases import Case
from tfuq.data.json_csv import Cell
from tfuq.errors import RunError
from tfuq.runs import Run, results
from tfuq.runs.missing import REMEDY, missing_text
from tfuq.runs.results import Manifest
from tfuq.scoring.comparison import heading

_AGAIN = "run tfuq score again"
Rows = list[dict[str, Cell]]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Source(ABC):
    """One folder that a report was asked for, under its name in the report."""

    name: str
    folder: Path

    has_scores = True

    @property
    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """What is noted of all cases together, as in ``summary.json``."""

    @property
    @abstractmethod
    def cases(self) -> Rows:
        """A row for each case as a whole."""

    @property
    @abstractmethod
    def parts(self) -> Rows:
        """A row of scores for each class or landmark of each case; none without scores."""

    @property
    @abstractmethod
    def structures(self) -> Rows:
        """Rows of a structure as a whole; none of a task without structures."""

    @property
    @abstractmethod
    def tables(self) -> dict[str, list[dict[str, str]]]:
        """Further tables by name, their cells as written."""

    @property
    @abstractmethod
    def figures(self) -> list[Path]:
        """The figures of the folder."""

    @property
    @abstractmethod
    def predictions(self) -> Path:
        """The folder of the predictions."""

    @property
    @abstractmethod
    def reference(self) -> Path | None:
        """The folder of the references, where they are not the data set's own."""

    @property
    @abstractmethod
    def task(self) -> str:
        """The task."""

    @abstractmethod
    def volumes(self, manifest: Manifest) -> Iterator[Case]:
        """The cases of a segmentation that a manifest lists, with the references that there are."""

    @abstractmethod
    def images(self) -> dict[str, Case]:
        """The cases of another task by id, with the references that there are."""

    @property
    def samples(self) -> int | None:
        """The number of samples T; None where it is not noted."""
        samples: int | None = self.summary["samples"]
        return samples

    @property
    def missing(self) -> str | None:
        """The cases that the prediction has not finished, with what to do; None where it ended."""
        missing: list[str] = self.summary.get("missing_cases", [])
        if not missing:
            return None
        remedy = REMEDY
        if self.has_scores:
            remedy = f"{REMEDY}, and score it"
        return f"{missing_text(missing, len(self.cases))}; {remedy}"

    @property
    def heading(self) -> str:
        """The method with its T."""
        return heading(self.name, self.samples)

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


def by_name(sources: Iterable[Source], make: Callable[[Source], T]) -> dict[str, T]:
    """Make something of each source, by the source's name."""
    return {source.name: make(source) for source in sources}
