"""The run directory: where everything of one training lies, and the runs there are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import Field

from tfuq import config as configuration
from tfuq.config import TRAINED_AS, Config
from tfuq.data.ledger import has_ledger
from tfuq.data.ownership import Removal, plan_removal, require_replaceable
from tfuq.data.paths import real_path
from tfuq.data.preprocessing import Statistics
from tfuq.data.stored import read_json
from tfuq.data.writers import write_json, write_text
from tfuq.errors import RunError

RUNS = Path("runs")
MOST_CHANNELS = 10_000
_INCOMPLETE = "restore it, or train the run again"
_TOLD_BY = ("config.yaml", "environment.json", "splits.json")
_TRAINED = ("members", "calibrations")  # what would be taken for the new run's, if it were left
_NOT_OURS = "move it away, or choose another --run; remove a run of an earlier version by hand"
_MADE = ("predictions", "scores", "shift", "tensorboard")
_OF_A_MEMBER = ("weights.npz", "state.npz", "history.csv", "done")


class _Facts(pydantic.BaseModel, extra="allow"):
    channels: Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
    statistics: Statistics | None
    versions: dict[str, str] = {}
    devices: list[str] = []
    seeds: dict[str, Any] = {}
    likelihood_terms: Annotated[int, Field(ge=0)] = 0

    @pydantic.model_validator(mode="after")
    def _fit(self):
        if self.statistics is None:
            return self
        if not len(self.statistics.mean) == len(self.statistics.std) == self.channels:
            raise ValueError(f"statistics: are not of {self.channels} channel(s)")
        if not all(std > 0 for std in self.statistics.std):
            raise ValueError("statistics: a standard deviation is not above 0")
        return self


class _Split(pydantic.BaseModel):
    train: list[str]
    validation: list[str]
    test: list[str]
    calibration: list[str] = []

    @pydantic.model_validator(mode="after")
    def _each_case_once(self):
        seen: dict[str, str] = {}
        for part, ids in self:
            for case_id in ids:
                if case_id in seen:
                    where = f"twice in {part}" if seen[case_id] == part else f"in both {seen[case_id]} and {part}"
                    raise ValueError(f"case '{case_id}' is {where}")
                seen[case_id] = part
        return self


@dataclass(frozen=True)
class Run:
    """Paths and facts of one run; ``config`` is the one it was trained with."""

    path: Path
    config: Config

    def member(self, index: int) -> Path:
        """Folder of one member's weights and history."""
        return self.path / "members" / str(index)

    def predictions(self, method: str) -> Path:
        """Folder of a method's predictions."""
        return self.path / "predictions" / method

    def scores(self, method: str) -> Path:
        """Folder of a method's scores."""
        return self.path / "scores" / method

    def require_output(self, folder: Path) -> None:
        """Refuse a folder for predictions in which other files of the run lie.

        Raises:
            RunError: it is such a folder.
        """
        place, own = real_path(folder), real_path(self.path)
        kept = [own / name for name in (*_TRAINED, *_MADE) if name != "predictions"]
        if place in (own, own / "predictions") or any(place.is_relative_to(path) for path in kept):
            raise RunError(f"--out {folder}: is kept for other files of the run {self.path}; choose another folder")

    @property
    def finished_members(self) -> list[int]:
        """Members whose training ended. A folder such as ``00`` is no member's: that of member 0 is ``0``."""
        names = [done.parent.name for done in (self.path / "members").glob("*/done")]
        return sorted(int(name) for name in names if re.fullmatch("0|[1-9][0-9]{0,5}", name))

    @property
    def facts(self) -> dict:
        """``environment.json``: versions, devices, seeds, and what was computed from the training data."""
        return self._facts.model_dump(exclude_unset=True)

    @property
    def _facts(self) -> _Facts:
        return read_json(self.path / "environment.json", _Facts, _INCOMPLETE)

    @property
    def statistics(self) -> Statistics | None:
        """Training-set mean and standard deviation, where the run has them."""
        return self._facts.statistics

    @property
    def split(self) -> dict[str, list[str]]:
        """Case ids of train, validation and test, and of calibration where the run has that part.

        Raises:
            RunError: a damaged file, or a case that is in it twice.
        """
        return read_json(self.path / "splits.json", _Split, _INCOMPLETE).model_dump(exclude_unset=True)


def create(path: Path, config: Config, split: dict[str, list[str]], facts: dict) -> Run:
    """Write what a run is before it trains; the configuration last, as it marks the folder as a run."""
    write_json(path / "splits.json", split)
    write_facts(path, facts)
    write_text(path / "config.yaml", config.dump())
    return Run(path, config)


def write_facts(path: Path, facts: dict) -> None:
    """Write ``environment.json``."""
    write_json(path / "environment.json", facts)


def plan_overwriting(path: Path) -> Removal:
    """What to remove so that a run can begin in a folder: what tfuq wrote of an earlier one, first what marks it as a run.

    What else lies there stays, such as a label that was corrected by hand.

    Raises:
        RunError: something that is not tfuq's own would be taken for a part of the new run.
    """
    removal = plan_removal(path / name for name in (*_TOLD_BY, *_TRAINED, *_MADE))
    removal.refuse_foreign([path / name for name in (*_TOLD_BY, *_TRAINED)], _NOT_OURS)
    return removal


def require_room(path: Path, members: int) -> None:
    """Refuse a folder to train in where something that is not tfuq's own lies in the place of a file of the run.

    Raises:
        RunError: there is such a thing.
    """
    if not is_run(path):
        for name in _TOLD_BY:
            require_replaceable(path / name)
    for member in range(members):
        folder = path / "members" / str(member)
        if (folder / "done").is_file() or (is_run(path) and not has_ledger(folder)):
            continue  # finished, or by a version without lists, whose state says itself that it is one
        for name in _OF_A_MEMBER:
            require_replaceable(folder / name)


def is_run(path: Path) -> bool:
    """Whether a folder holds a run."""
    return (path / "config.yaml").is_file()


def open_run(path: Path) -> Run:
    """Open a run.

    Raises:
        RunError: not a run, or one whose files do not read.
    """
    if not is_run(path):
        raise RunError(f"{path}: not a run (it has no config.yaml); give a folder that tfuq train wrote")
    return Run(path, configuration.load_resolved(path / "config.yaml"))


def newest_run(method: str | None, root: Path = RUNS) -> Run:
    """The run of ``method`` (of any method for None) whose configuration was written last.

    Raises:
        RunError: there is none.
    """
    folder = TRAINED_AS.get(method, method)
    found = [f for f in root.glob("*/*/config.yaml") if method is None or f.parent.name == folder]
    if not found:
        what = f"of method {method} " if method else ""
        raise RunError(f"no run {what}below '{root}'; train one, or name a run folder")
    return open_run(max(found, key=lambda f: f.stat().st_mtime).parent)
