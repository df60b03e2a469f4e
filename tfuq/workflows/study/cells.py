"""The cells of a study: a configuration each, checked before any of them runs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq import config as configuration
from tfuq import runs
from tfuq.config import Config, DataConfig, StudyConfig
from tfuq.config.study import Step
from tfuq.config.text import write_yaml
from tfuq.data.layouts import made_cases
from tfuq.data.splits import split_cases
from tfuq.errors import ConfigError, RunError, TfuqError

AXES_BETWEEN = "_"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One run of a study.

    Attributes:
        id: The name of the cell, unique in its study.
        labels: The label of the cell's value on each axis, by the name of the axis.
        config: The configuration of the run.
        folder: The folder of the study.
        scores_training: Whether its training cases are predicted and scored too.
        keeps_members: Whether the predictions of each member are kept.
    """

    id: str
    labels: dict[str, str]
    config: Config
    folder: Path
    scores_training: bool = False
    keeps_members: bool = False

    @property
    def settings(self) -> Path:
        """The file of the cell's configuration."""
        return self.folder / "cells" / f"{self.id}.yaml"

    @property
    def run(self) -> Path:
        """The folder of its run."""
        return self.folder / "cells" / self.id

    @property
    def log(self) -> Path:
        """The file of what its commands said."""
        return self.folder / "logs" / f"{self.id}.txt"

    @property
    def summary(self) -> Path:
        """The file of the scores of the test cases."""
        return self.run / "scores" / self.config.method / "summary.json"

    @property
    def training_summary(self) -> Path:
        """The file of the scores of the training cases."""
        return self.run / "scores" / f"{self.config.method}-train" / "summary.json"

    @property
    def is_finished(self) -> bool:
        """Whether it was trained, predicted and scored."""
        if self.scores_training and not self.training_summary.is_file():
            return False
        return self.summary.is_file() and runs.is_run(self.run)


def cells_of(study: StudyConfig, folder: Path) -> list[Cell]:
    """Make a cell of every combination of the axes; the last axis varies fastest.

    Args:
        study: The study.
        folder: The folder of the study.

    Raises:
        ConfigError: A cell's configuration is not one, or two cells would have one name.
    """
    axes = [study.steps(axis) for axis in study.axes]
    cells = [_cell(study, combination, folder) for combination in itertools.product(*axes)]
    ids: set[str] = set()
    for cell in cells:
        if cell.id in ids:
            raise ConfigError(
                f"{study.name}: two cells would be named '{cell.id}'; "
                "let the values of axes differ in more than signs"
            )
        ids.add(cell.id)
    return cells


def _cell(study: StudyConfig, combination: Sequence[Step], folder: Path) -> Cell:
    labels = {}
    for axis, step in zip(study.axes, combination, strict=True):
        labels[axis] = step.label
    name = AXES_BETWEEN.join(map(_plain, labels.values()))
    config = _configuration(study, combination)
    return Cell(
        id=name,
        labels=labels,
        config=config,
        folder=folder,
        scores_training=study.has_training_scores,
        keeps_members=study.has_diversity and config.members > 1,
    )


def _configuration(study: StudyConfig, combination: Sequence[Step]) -> Config:
    settings = dict(study.set)
    for step in combination:
        settings |= step.settings
    overrides = tuple(f"{key}={write_yaml(value)}" for key, value in settings.items())
    try:
        return configuration.load(study.config, overrides)
    except ConfigError as error:
        names = zip(study.axes, combination, strict=True)
        position = ", ".join(f"{axis} {step.label}" for axis, step in names)
        raise ConfigError(f"{study.name}: cell {position}: {error}") from error


def _plain(label: str) -> str:
    """A label as part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", label.replace("×", "x"))


def check_cells(cells: Sequence[Cell], *, overwrite: bool = False) -> None:
    """Check every cell's data and its earlier run, so that faults show before anything runs.

    Args:
        cells: The cells of a study.
        overwrite: Whether earlier runs are about to be removed. Then they may have another
            configuration.

    Raises:
        DataError: There is no data, or not enough.
        RunError: A cell ran with another configuration.
    """
    checked: list[DataConfig] = []
    for cell in cells:
        if not overwrite:
            _refuse_another_configuration(cell)
        if cell.config.data not in checked:
            _check_data(cell)
            checked.append(cell.config.data)


def _refuse_another_configuration(cell: Cell) -> None:
    if runs.is_run(cell.run) and runs.open_run(cell.run).config != cell.config:
        raise RunError(
            f"{cell.run}: ran with another configuration than the study gives it now; "
            "pass --overwrite, or another --out"
        )


def _check_data(cell: Cell) -> None:
    try:
        split_cases(made_cases(cell.config.data), cell.config.data.split)
    except TfuqError as error:
        raise type(error)(f"cell {cell.id}: {error}") from error
