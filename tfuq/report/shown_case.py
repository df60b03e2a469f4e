"""Which case of which predictions is to be plotted, and what of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.config import TASKS, Config
from tfuq.data.cases import Case
from tfuq.errors import DataError, resembling
from tfuq.runs.results import Manifest
from tfuq.scoring.evaluation.references import cases_with_references, predicted_cases


@dataclass(frozen=True, kw_only=True)
class ShownCase:
    """A case that is to be plotted.

    Attributes:
        id: Its id.
        folders: The predictions folders by the names of their methods.
        axis: The voxel axis to take a slice along; None for the task's choice.
        index: The number of the slice; None for the task's choice.
        landmarks: The names of the landmarks to show side by side; none for the task's choice.
        reference: A folder of references; None for those that the predictions know, if any.
    """

    id: str
    folders: Mapping[str, Path]
    axis: int | None = None
    index: int | None = None
    landmarks: Sequence[str] = ()
    reference: Path | None = None

    def found(self, folder: Path, manifest: Manifest, config: Config) -> Case:
        """The case of a predictions folder; of volumes, with the reference that is asked for.

        Args:
            folder: The folder, one of `folders`.
            manifest: Of the folder.
            config: Of its run.

        Raises:
            DataError: The folder has no such case.
        """
        cases: Iterable[Case] = predicted_cases(manifest, config)
        if self.reference and TASKS[config.task].has_volumes:
            cases = cases_with_references(manifest, config, self.reference)
        by_id = {case.id: case for case in cases}
        if self.id not in by_id:
            raise DataError(
                f"--case {self.id}: {folder} has no such case{resembling(self.id, by_id)}; "
                f"it has {len(by_id)}, such as {next(iter(by_id))}"
            )
        return by_id[self.id]
