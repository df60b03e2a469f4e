"""A cohort cut into slices, which several processes predict: each into a folder of its own.

The folders lie in the predictions folder, on the same file system. In the end their cases are moved
to where a prediction by one process writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfuq.data.cases import Case
from tfuq.data.locks import exclusive
from tfuq.data.removal import plan_removal
from tfuq.execution import Task
from tfuq.prediction.predictor import AnyPredictor
from tfuq.runs.results import MANIFEST, Manifest, read_manifest

_SLICES = ".slices"


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Cases that are predicted into one folder.

    Attributes:
        predictor: Tells which of them are predicted.
        cases: The cases.
        folder: The predictions folder.
        manifest: Of the folder.
    """

    predictor: AnyPredictor
    cases: list[Case]
    folder: Path
    manifest: Manifest

    def tasks(self, count: int, predict: Callable[..., object], devices: str | None) -> list[Task]:
        """Cut the cohort into slices, a task each.

        A case belongs to a slice by its place in the cohort, whatever is finished. So processes
        that know nothing of each other cut it in the same way.

        Args:
            count: How many slices there are.
            predict: Takes the run's folder, the request, the cases of a slice that are not
                predicted yet, the slice's folder, and the devices.
            devices: As `tfuq.sampling.devices.use_device` takes them.

        Raises:
            RunError: The manifest holds a case that was made from other files.
        """
        run = self.predictor.run.path.absolute()
        tasks = []
        for index in range(count):
            cases = self._remaining(self.cases[index::count])
            folder = self.folder.absolute() / _SLICES / f"{index}-of-{count}"
            task = Task(
                name=f"slice {index + 1} of {count}, {len(cases)} case(s)",
                function=predict,
                arguments=(run, self.predictor.request, cases, folder, devices),
                is_done=not cases,
            )
            tasks.append(task)
        return tasks

    def _remaining(self, cases: list[Case]) -> list[Case]:
        """The cases that are not predicted yet."""
        remaining = []
        for case in cases:
            if not self.predictor.holds(case, self.folder, self.manifest):
                remaining.append(case)
        return remaining


def take_in_slices(predictor: AnyPredictor, folder: Path, manifest: Manifest) -> None:
    """Move what slices have predicted, of this call or of one that was stopped, to its places.

    Args:
        predictor: The predictor.
        folder: The predictions folder, which this process holds.
        manifest: Of the folder; the cases are entered here.

    Raises:
        RunError: Another process predicts a slice.
    """
    for path in _folders(folder):
        with exclusive(path, "predicting into"):
            if (path / MANIFEST).is_file() and read_manifest(path).same_draws(manifest):
                predictor.take_in(path, folder, manifest)
    discard_slices(folder)


def discard_slices(folder: Path) -> None:
    """Remove the slices of a predictions folder.

    Raises:
        RunError: Another process predicts a slice.
    """
    for path in _folders(folder):
        with exclusive(path, "predicting into"):
            pass
    plan_removal([folder / _SLICES]).carry_out()


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / _SLICES).glob("*-of-*") if path.is_dir())
