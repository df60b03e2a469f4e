"""Studies: a grid over keys of a configuration.

Each cell of the grid is a run of its own. A study ends in one table and one figure.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from tfuq.config import StudyConfig
from tfuq.config.text import write_yaml
from tfuq.data.events import SILENT, Event, Observer, TaskEnded
from tfuq.data.json_csv import read_text
from tfuq.data.removal import Removal, plan_removal
from tfuq.data.writers import whole_set, write_csv, write_text
from tfuq.errors import RunError
from tfuq.execution import Executor, Serial
from tfuq.report.plotting import own_style, save
from tfuq.report.study import study_figure
from tfuq.runs import RUNS
from tfuq.workflows.study.cells import Cell, cells_of, check_cells
from tfuq.workflows.study.columns import check_columns
from tfuq.workflows.study.execution import tasks_of
from tfuq.workflows.study.means import Means, means_of
from tfuq.workflows.study.table import Table, table_of

__all__ = ["Means", "Table", "default_output", "means_of", "plan_study", "run_study"]

_log = logging.getLogger(__name__)
_MARK = "study.yaml"
_CSV = "table.csv"
_MARKDOWN = "table.md"
_MEANS_CSV = "means.csv"
_MEANS_MARKDOWN = "means.md"
_FIGURE = "figure.png"
_LOGS = "logs"
_TABLES = (_CSV, _MARKDOWN, _MEANS_CSV, _MEANS_MARKDOWN, _FIGURE)
_WRITTEN = (_MARK, *_TABLES, "cells", _LOGS)


def default_output(study: StudyConfig) -> Path:
    """The folder of a study's runs and table, where no other is given."""
    return RUNS / "studies" / study.name


def plan_study(study: StudyConfig, folder: Path) -> list[str]:
    """Describe each cell in a line, and say whether it is finished.

    Args:
        study: The study.
        folder: The folder of the study.

    Raises:
        TfuqError: The study, or a cell's configuration, is not sound; or the folder belongs to
            another study.
    """
    cells = _sound_cells(study, folder)
    _check_owner(study, folder)
    lines = []
    for cell in cells:
        state = "finished" if cell.is_finished else "to run"
        lines.append(f"{cell.id}: {cell.config.method}, {state}")
    return lines


def run_study(
    study: StudyConfig,
    folder: Path,
    *,
    program: Sequence[str],
    executor: Executor | None = None,
    observer: Observer = SILENT,
    overwrite: bool = False,
) -> Table:
    """Run the cells that are not finished; write tables and the figure after each of them.

    Args:
        study: The study.
        folder: The folder of the study.
        program: What a command line of tfuq begins with.
        executor: Where cells run; None for here, one after another.
        observer: Is notified of each `TaskEnded`, the task being a cell.
        overwrite: Whether to remove an earlier study first.

    Raises:
        PartDoneError: The cells that are this call's have run, and others are not its own.
        TfuqError: The study cannot begin.
        RunError: The study went on to its end, and cells failed.
    """
    cells = _sound_cells(study, folder)
    executor = executor or Serial()
    with executor.holding(folder, "running a study in"):
        _prepare(study, cells, folder, overwrite=overwrite)
        tasks = tasks_of(cells, program)
        finished_count = sum(task.is_done for task in tasks)
        _log.info("%s: %d cells, %d of them finished", study.name, len(cells), finished_count)
        growing = _GrowingTable(study, cells, folder, observer)
        executor.run(tasks, growing)
        errors = growing.errors
        table = _write(study, cells, folder, errors)
    if errors:
        cell_id, error = next(iter(errors.items()))
        raise RunError(
            f"{len(errors)} of {len(cells)} cells failed, gaps in {folder / _MARKDOWN}; "
            f"first {cell_id}: {error}"
        )
    return table


def _sound_cells(study: StudyConfig, folder: Path) -> list[Cell]:
    cells = cells_of(study, folder)
    check_columns(study, cells)
    return cells


def _prepare(study: StudyConfig, cells: Sequence[Cell], folder: Path, *, overwrite: bool) -> None:
    """Check the cells, remove an earlier study where it is to be, and enter this one."""
    if overwrite and (folder / _MARK).is_file():
        earlier = _plan_overwriting(folder)
        check_cells(cells, overwrite=True)
        earlier.carry_out()
    else:
        _check_owner(study, folder)
        check_cells(cells)
    write_text(folder / _MARK, write_yaml(study.model_dump()))


class _GrowingTable:
    """An observer that writes the table after each cell.

    Attributes:
        errors: What went wrong, by the id of the cell.
    """

    def __init__(
        self, study: StudyConfig, cells: Sequence[Cell], folder: Path, observer: Observer
    ) -> None:
        self.errors: dict[str, str] = {}
        self._study = study
        self._cells = cells
        self._folder = folder
        self._observer = observer

    def notify(self, event: Event) -> None:
        if isinstance(event, TaskEnded):
            if event.error:
                self.errors[event.task] = event.error
            _write(self._study, self._cells, self._folder, self.errors)
        self._observer.notify(event)


@own_style()
def _write(
    study: StudyConfig, cells: Sequence[Cell], folder: Path, errors: dict[str, str]
) -> Table:
    table = table_of(study, cells, errors)
    with whole_set(folder, earlier=_TABLES) as unfinished:
        write_csv(unfinished / _CSV, table.rows)
        write_text(unfinished / _MARKDOWN, table.markdown())
        means = means_of(study, table)
        if means:
            write_csv(unfinished / _MEANS_CSV, means.rows)
            write_text(unfinished / _MEANS_MARKDOWN, means.markdown())
        save(study_figure(table.axes, table.columns, table.rows), unfinished / _FIGURE)
    return table


def _check_owner(study: StudyConfig, folder: Path) -> None:
    if (folder / _MARK).is_file():
        owner = read_text(folder / _MARK).partition("\n")[0]
        if owner != f"name: {study.name}":
            raise RunError(
                f"{folder}: belongs to another study ({owner}); "
                "choose another --out, or pass --overwrite"
            )
    elif folder.is_dir() and _holds_files(folder):
        raise RunError(f"{folder}: is not empty and holds no study; choose another --out")


def _holds_files(folder: Path) -> bool:
    """Whether anything but hidden files lies in a folder."""
    return any(not path.name.startswith(".") for path in folder.iterdir())


def _plan_overwriting(folder: Path) -> Removal:
    """Plan to remove the files of an earlier study; logs alone may have been changed since.

    Raises:
        RunError: Something that is not tfuq's own lies there.
    """
    removal = plan_removal(folder / name for name in _WRITTEN)
    unchanged = [folder / name for name in _WRITTEN if name != _LOGS]
    removal.refuse_foreign(unchanged, "move it away, or choose another --out")
    # The mark stays until the next study's takes its place: by it the folder is known as a study's
    # if this process ends in between.
    mark = folder / _MARK
    removal.files = [(path, seen) for path, seen in removal.files if path != mark]
    return removal
