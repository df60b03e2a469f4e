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
from tfuq.config.text import write_yaml
from tfuq.data.layouts import made_cases
from tfuq.data.splits import split_cases
from tfuq.errors import ConfigError, RunError, TfuqError

AXES_BETWEEN = "_"


@dataclass(frozen=True)
class Cell:
    """One run of a study; ``labels`` are its places on the axes, ``folder`` that of the study."""

    id: str
    labels: dict[str, str]
    config: Config
    folder: Path

    @property
    def settings(self) -> Path:
        """File of the cell's configuration."""
        return self.folder / "cells" / f"{self.id}.yaml"

    @property
    def run(self) -> Path:
        """Folder of its run."""
        return self.folder / "cells" / self.id

    @property
    def log(self) -> Path:
        """File of what its commands said."""
        return self.folder / "logs" / f"{self.id}.txt"

    @property
    def summary(self) -> Path:
        """File that ends the cell."""
        return self.run / "scores" / self.config.method / "summary.json"

    @property
    def is_finished(self) -> bool:
        """Whether it was trained, predicted and scored."""
        return self.summary.is_file() and runs.is_run(self.run)


def cells_of(study: StudyConfig, folder: Path) -> list[Cell]:
    """Every combination of the axes, the last axis varying fastest.

    Raises:
        ConfigError: a cell's configuration is not one, or two cells would have one name.
    """
    steps = [_steps(study, axis) for axis in study.axes]
    cells = [_cell(study, combination, folder) for combination in itertools.product(*steps)]
    ids = [cell.id for cell in cells]
    twice = [name for place, name in enumerate(ids) if name in ids[:place]]
    if twice:
        raise ConfigError(
            f"{study.name}: two cells would be named '{twice[0]}'; let the values of axes differ in more than signs"
        )
    return cells


def _steps(study: StudyConfig, axis: str) -> list[tuple[str, str, dict]]:
    """Along an axis: its name, the label, and what is set."""
    keys = study.axes[axis]
    return [
        (axis, label, {key: values[place] for key, values in keys.items()}) for place, label in enumerate(study.labels(axis))
    ]


def _cell(study: StudyConfig, combination: Sequence[tuple[str, str, dict]], folder: Path) -> Cell:
    changes = dict(study.set)
    for _, _, values in combination:
        changes |= values
    labels = {axis: label for axis, label, _ in combination}
    overrides = tuple(f"{key}={write_yaml(value)}" for key, value in changes.items())
    try:
        config = configuration.load(study.config, overrides)
    except ConfigError as error:
        where = ", ".join(f"{axis} {label}" for axis, label in labels.items())
        raise ConfigError(f"{study.name}: cell {where}: {error}") from error
    name = AXES_BETWEEN.join(re.sub(r"[^\w.-]+", "-", label.replace("×", "x")) for label in labels.values())
    return Cell(name, labels, config, folder)


def check_cells(cells: Sequence[Cell], *, overwrite: bool = False) -> None:
    """Look at every cell's data and at what lies in its place, so that what cannot run is known before anything does.

    With ``overwrite`` earlier runs are about to be removed, and may have run with another configuration.

    Raises:
        DataError: no data, or not enough. RunError: a cell ran with another configuration.
    """
    seen: list[DataConfig] = []
    for cell in cells:
        if not overwrite and runs.is_run(cell.run) and runs.open_run(cell.run).config != cell.config:
            raise RunError(
                f"{cell.run}: ran with another configuration than the study gives it now; pass --overwrite, or another --out"
            )
        if cell.config.data in seen:
            continue
        try:
            split_cases(made_cases(cell.config.data), cell.config.data.split)
        except TfuqError as error:
            raise type(error)(f"cell {cell.id}: {error}") from error
        seen.append(cell.config.data)
