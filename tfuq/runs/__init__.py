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
from tfuq.config.preparation import orientation_name
from tfuq.data.appearance import TrainingAppearance
from tfuq.data.json_csv import read_json
from tfuq.data.ledger import has_ledger
from tfuq.data.ownership import require_replaceable
from tfuq.data.paths import real_path
from tfuq.data.preprocessing import Statistics
from tfuq.data.removal import Removal, plan_removal
from tfuq.data.writers import write_json, write_text
from tfuq.errors import RunError

RUNS = Path("runs")
MOST_CHANNELS = 10_000
_INCOMPLETE = "restore it, or train the run again"
_TOLD_BY = ("config.yaml", "environment.json", "splits.json")
_TRAINED = ("members", "calibrations")  # if left, they would be taken for the new run's
_NOT_OURS = "move it away, or choose another --run; remove a run of an earlier version by hand"
_MADE = ("predictions", "scores", "doses", "reviews", "shift", "plots", "tensorboard")
_OF_A_MEMBER = ("weights.npz", "state.npz", "history.csv", "done")
_MEMBER = re.compile("0|[1-9][0-9]{0,5}")


class _Frozen(pydantic.BaseModel, extra="allow"):
    layers: list[str]


class _Facts(pydantic.BaseModel, extra="allow"):
    channels: Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
    statistics: Statistics | None
    orientation: str | None = None
    channel_names: list[str] | None = None
    appearance: TrainingAppearance | None = None
    versions: dict[str, str] = {}
    devices: list[str] = []
    seeds: dict[str, Any] = {}
    likelihood_terms: Annotated[int, Field(ge=0)] = 0
    loss_definition: Annotated[int, Field(ge=1)] = 1
    width_warmup_epochs: Annotated[int, Field(ge=0)] | None = None
    frozen: _Frozen | dict[str, _Frozen | None] | None = None  # of all members, or of each

    @pydantic.model_validator(mode="after")
    def _require_statistics(self) -> _Facts:
        if self.statistics is None:
            return self
        if not len(self.statistics.mean) == len(self.statistics.std) == self.channels:
            raise ValueError(f"statistics: are not of {self.channels} channel(s)")
        if not all(std > 0 for std in self.statistics.std):
            raise ValueError("statistics: a standard deviation is not above 0")
        return self

    @pydantic.model_validator(mode="after")
    def _require_channel_names(self) -> _Facts:
        if self.channel_names is not None and len(self.channel_names) != self.channels:
            raise ValueError(f"channel_names: are not of {self.channels} channel(s)")
        return self

    @pydantic.field_validator("orientation")
    @classmethod
    def _require_orientation(cls, orientation: str | None) -> str | None:
        return orientation if orientation is None else orientation_name(orientation)


class _Split(pydantic.BaseModel):
    train: list[str]
    validation: list[str]
    test: list[str]
    calibration: list[str] = []
    folds: list[list[str]] = []

    @property
    def parts(self) -> dict[str, list[str]]:
        """Ids by part, without parts that the file does not name."""
        return self.model_dump(exclude_unset=True, exclude={"folds"})

    @pydantic.model_validator(mode="after")
    def _require_each_case_once(self) -> _Split:
        part_of: dict[str, str] = {}
        for part, ids in self.parts.items():
            for case_id in ids:
                earlier = part_of.get(case_id)
                if earlier == part:
                    raise ValueError(f"case '{case_id}' is twice in {part}")
                if earlier is not None:
                    raise ValueError(f"case '{case_id}' is in both {earlier} and {part}")
                part_of[case_id] = part
        return self


@dataclass(frozen=True)
class Run:
    """Paths and facts of one run.

    Attributes:
        path: The run's folder.
        config: The configuration that it was trained with.
    """

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
            RunError: It is such a folder.
        """
        if self._is_reserved(real_path(folder)):
            problem = f"is kept for other files of the run {self.path}"
            raise RunError(f"--out {folder}: {problem}; choose another folder")

    def _is_reserved(self, folder: Path) -> bool:
        run = real_path(self.path)
        if folder in (run, run / "predictions"):
            return True
        names = [name for name in (*_TRAINED, *_MADE) if name != "predictions"]
        return any(folder.is_relative_to(run / name) for name in names)

    @property
    def finished_members(self) -> list[int]:
        """Numbers of the members whose training ended.

        A folder such as ``00`` is no member's: that of member 0 is ``0``.
        """
        members = []
        for done in (self.path / "members").glob("*/done"):
            name = done.parent.name
            if _MEMBER.fullmatch(name):
                members.append(int(name))
        return sorted(members)

    @property
    def facts(self) -> dict[str, Any]:
        """What ``environment.json`` holds.

        It has versions, devices, seeds, and what was computed from the training data.
        """
        return self._facts.model_dump(exclude_unset=True)

    @property
    def _facts(self) -> _Facts:
        return read_json(self.path / "environment.json", _Facts, _INCOMPLETE)

    @property
    def statistics(self) -> Statistics | None:
        """Training-set mean and standard deviation, where the run has them."""
        return self._facts.statistics

    @property
    def orientation(self) -> str | None:
        """Where the axes point in what the networks see; None of a run that does not say it."""
        return self._facts.orientation

    @property
    def channel_names(self) -> list[str]:
        """The names of the channels in their order; none of a run that does not say them."""
        return self._facts.channel_names or []

    def frozen_layers(self, member: int) -> list[str]:
        """Names of the layers of a member whose weights stayed as they started."""
        frozen = self._facts.frozen
        if isinstance(frozen, dict):
            frozen = frozen.get(f"member {member}")
        return frozen.layers if frozen else []

    @property
    def appearance(self) -> TrainingAppearance | None:
        """What the training images look like; None of a run that does not say it."""
        return self._facts.appearance

    @property
    def split(self) -> dict[str, list[str]]:
        """Case ids by part: train, validation, test, and calibration where the run has it.

        Raises:
            RunError: The file is damaged, or has a case twice.
        """
        return self._split.parts

    @property
    def folds(self) -> list[list[str]]:
        """Ids of the training cases that each member left out; none of a run without folds.

        Raises:
            RunError: As `split`.
        """
        return self._split.folds

    @property
    def _split(self) -> _Split:
        return read_json(self.path / "splits.json", _Split, _INCOMPLETE)


def create(
    path: Path,
    config: Config,
    split: dict[str, list[str]],
    facts: dict[str, Any],
    folds: list[list[str]] | None = None,
) -> Run:
    """Write what a run is before it trains.

    The configuration is written last, as it marks the folder as a run.

    Args:
        path: The run's folder.
        config: The configuration.
        split: Case ids by part.
        facts: What ``environment.json`` holds.
        folds: Ids of the training cases that each member leaves out; None without folds.
    """
    content: dict[str, Any] = {**split}
    if folds:
        content["folds"] = folds
    write_json(path / "splits.json", content)
    write_facts(path, facts)
    write_text(path / "config.yaml", config.dump())
    return Run(path, config)


def write_facts(path: Path, facts: dict[str, Any]) -> None:
    """Write ``environment.json``."""
    write_json(path / "environment.json", facts)


def plan_overwriting(path: Path) -> Removal:
    """Plan what to remove so that a run can begin in a folder.

    It is what tfuq wrote of an earlier run, and first what marks the folder as a run. Other things
    there stay, such as a label that was corrected by hand.

    Raises:
        RunError: Something that is not tfuq's own would be taken for a part of the new run.
    """
    removal = plan_removal(path / name for name in (*_TOLD_BY, *_TRAINED, *_MADE))
    removal.refuse_foreign([path / name for name in (*_TOLD_BY, *_TRAINED)], _NOT_OURS)
    return removal


def require_room(path: Path, members: int) -> None:
    """Refuse a folder to train in that has something in the place of a file of the run.

    Args:
        path: The run's folder.
        members: How many members the run has.

    Raises:
        RunError: There is such a thing, and it is not tfuq's own.
    """
    if not is_run(path):
        for name in _TOLD_BY:
            require_replaceable(path / name)
    for member in range(members):
        _require_room_of_member(path, path / "members" / str(member))


def _require_room_of_member(path: Path, folder: Path) -> None:
    if (folder / "done").is_file():
        return
    if is_run(path) and not has_ledger(folder):
        return  # it is by a version without lists, whose state says itself that it is one
    for name in _OF_A_MEMBER:
        require_replaceable(folder / name)


def is_run(path: Path) -> bool:
    """Whether a folder holds a run."""
    return (path / "config.yaml").is_file()


def open_run(path: Path) -> Run:
    """Open a run.

    Raises:
        RunError: It is no run, or one whose files cannot be read.
    """
    if not is_run(path):
        remedy = "give a folder that tfuq train wrote"
        raise RunError(f"{path}: not a run (it has no config.yaml); {remedy}")
    return Run(path, configuration.load_resolved(path / "config.yaml"))


def newest_run(method: str | None, root: Path = RUNS) -> Run:
    """Open the run whose configuration was written last.

    Args:
        method: The method that it was trained for, or that such a run serves; None for any.
        root: The folder of runs.

    Raises:
        RunError: There is none.
    """
    folder_name = "*"
    of_method = ""
    if method is not None:
        folder_name = TRAINED_AS.get(method, method)
        of_method = f"of method {method} "
    configs = list(root.glob(f"*/{folder_name}/config.yaml"))
    if not configs:
        raise RunError(f"no run {of_method}below '{root}'; train one, or name a run folder")
    newest = max(configs, key=lambda path: path.stat().st_mtime)
    return open_run(newest.parent)
