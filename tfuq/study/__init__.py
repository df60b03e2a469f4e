"""Studies: a grid over keys of a configuration, each cell a run of its own, ending in one table and one figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tfuq.config import StudyConfig
from tfuq.config.text import write_yaml
from tfuq.data.ownership import Removal, plan_removal
from tfuq.data.stored import read_text
from tfuq.data.writers import whole_set, write_csv, write_text
from tfuq.errors import RunError
from tfuq.locks import exclusive
from tfuq.report.canvas import save
from tfuq.report.study import study_figure
from tfuq.runs import RUNS
from tfuq.study.cells import Cell, cells_of, check_cells
from tfuq.study.execution import Execute, run_cells
from tfuq.study.table import Table, check_columns, table_of

__all__ = ["Execute", "Table", "default_output", "plan_study", "run_study"]

_MARK = "study.yaml"
_TABLES = ("table.csv", "table.md", "figure.png")
_PARTS = (_MARK, *_TABLES, "cells", "logs")


def default_output(study: StudyConfig) -> Path:
    """Where a study's runs and table go if nothing else is said."""
    return RUNS / "studies" / study.name


def plan_study(study: StudyConfig, folder: Path) -> list[str]:
    """A line per cell: what it is, and whether it is finished.

    Raises:
        TfuqError: the study, or a cell's configuration, is not sound; the folder is another study's.
    """
    cells = _sound_cells(study, folder)
    _check_owner(study, folder)
    return [f"{cell.id}: {cell.config.method}, {'finished' if cell.is_finished else 'to run'}" for cell in cells]


def run_study(study: StudyConfig, folder: Path, *, execute: Execute, jobs: int = 1, say: Callable[[str], None],
              overwrite: bool = False) -> Table:  # fmt: skip
    """Run what is not finished, ``jobs`` cells at a time; the table and the figure follow every cell that ends.

    Raises:
        TfuqError: the study cannot begin. RunError: it went on to its end, and cells failed.
    """
    cells = _sound_cells(study, folder)
    with exclusive(folder, "running a study in"):
        earlier = _plan_overwriting(folder) if overwrite and (folder / _MARK).is_file() else None
        if earlier is None:
            _check_owner(study, folder)
        check_cells(cells, overwrite=earlier is not None)
        if earlier:
            earlier.carry_out()
        write_text(folder / _MARK, write_yaml(study.model_dump()))
        errors = _run(study, cells, folder, execute, jobs, say)
        table = _write(study, cells, folder, errors)
    if errors:
        first, why = next(iter(errors.items()))
        raise RunError(f"{len(errors)} of {len(cells)} cells failed, gaps in {folder / 'table.md'}; first {first}: {why}")
    return table


def _sound_cells(study: StudyConfig, folder: Path) -> list[Cell]:
    cells = cells_of(study, folder)
    check_columns(study, cells)
    return cells


def _run(study, cells, folder, execute, jobs, say) -> dict[str, str]:
    left = [cell for cell in cells if not cell.is_finished]
    say(f"{study.name}: {len(cells)} cells, {len(cells) - len(left)} of them finished")
    errors: dict[str, str] = {}
    for done, (cell, error) in enumerate(run_cells(left, execute, jobs), start=1):
        say(f"{done}/{len(left)} {cell.id}: {error or 'finished'}")
        if error:
            errors[cell.id] = error
        _write(study, cells, folder, errors)
    return errors


def _write(study: StudyConfig, cells: Sequence[Cell], folder: Path, errors: dict[str, str]) -> Table:
    table = table_of(study, cells, errors)
    csv, markdown, figure = _TABLES
    with whole_set(folder) as part:
        write_csv(part / csv, table.rows)
        write_text(part / markdown, table.markdown())
        save(study_figure(table.axes, table.columns, table.rows), part / figure)
    return table


def _check_owner(study: StudyConfig, folder: Path) -> None:
    if (folder / _MARK).is_file():
        owner = read_text(folder / _MARK).partition("\n")[0]
        if owner != f"name: {study.name}":
            raise RunError(f"{folder}: belongs to another study ({owner}); choose another --out, or pass --overwrite")
    elif folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir()):
        raise RunError(f"{folder}: is not empty and holds no study; choose another --out")


def _plan_overwriting(folder: Path) -> Removal:
    """What to remove of an earlier study: what tfuq wrote, of which nothing may have been changed but logs.

    Raises:
        RunError: something that is not tfuq's own lies there.
    """
    removal = plan_removal(folder / name for name in _PARTS)
    mine = [folder / name for name in _PARTS if name != "logs"]
    removal.refuse_foreign(mine, "move it away, or choose another --out")
    return removal
