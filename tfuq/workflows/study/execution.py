"""Running cells: each by commands in processes of their own. Finished work is kept."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tfuq.data.disk import open_log
from tfuq.data.events import Observer
from tfuq.data.ownership import note, require_place_of_file
from tfuq.data.writers import make_folder, write_text
from tfuq.errors import RunError
from tfuq.execution import Task, TaskLostError
from tfuq.workflows.study.cells import Cell

_LONGEST_ERROR = 300  # characters
_PREFIX = "tfuq: "  # of the line that says what went wrong
_HERE = ("--execute", "serial")  # a cell is one task, whatever the environment says
_STOPPED = 143  # exit code of a process that SIGTERM ended, or whose parent has ended


def tasks_of(cells: Sequence[Cell], program: Sequence[str]) -> list[Task]:
    """A task for each cell, named as the cell.

    Args:
        cells: The cells, finished ones too.
        program: What a command line of tfuq begins with.
    """
    tasks = []
    for cell in cells:
        task = Task(
            name=cell.id,
            function=run_cell,
            arguments=(cell, tuple(program)),
            is_done=cell.is_finished,
        )
        tasks.append(task)
    return tasks


def run_cell(cell: Cell, program: Sequence[str], *, observer: Observer) -> None:
    """Train, predict and score a cell; go on where that was stopped.

    Args:
        cell: The cell.
        program: What a command line of tfuq begins with.
        observer: Hears nothing: what happens in the cell is in its log.

    Raises:
        RunError: A command has refused to go on.
        TaskLostError: A command was killed.
    """
    make_folder(cell.log.parent)
    # The log is appended to. What lies in its place may be somebody's.
    require_place_of_file(cell.log)
    write_text(cell.settings, cell.config.dump())
    begin = _size(cell.log)
    try:
        for arguments in _commands(cell):
            code = run_command([*program, *arguments], cell.log)
            if code:
                raise _error(cell.log, begin, arguments[0], code)
    finally:
        if cell.log.is_file():
            note(cell.log)


def run_command(command: Sequence[str], log: Path) -> int:
    """Run a command to its end in a process of its own, which ends with this one.

    Args:
        command: The command line, of a program that ends when its standard input does.
        log: What the command says is appended to this file.

    Returns:
        Its exit code; below 0 where a signal has ended it.
    """
    with open_log(log) as file:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file, stderr=file)
        with process:
            try:
                # Standard input stays open until the process ends, as `wait` leaves it alone. With
                # `communicate` it would not.
                return process.wait()
            finally:
                process.terminate()


def _size(log: Path) -> int:
    """Bytes of a log; 0 where there is none."""
    if not log.is_file():
        return 0
    return log.stat().st_size


def _commands(cell: Cell) -> list[list[str]]:
    """The commands of a cell. Each goes on where an earlier one was stopped."""
    commands = [["train", str(cell.settings), "--run", str(cell.run), "--resume", *_HERE]]
    splits = ["test"]
    if cell.scores_training:
        splits.append("train")
    for split in splits:
        predictions = cell.run / "predictions" / cell.config.method
        words = []
        if split != "test":
            predictions = predictions.with_name(f"{predictions.name}-{split}")
            words = ["--split", split]
        elif cell.keeps_members:
            words = ["--save-members"]
        commands += [
            ["predict", str(cell.run), *words, "--out", str(predictions), *_HERE],
            ["score", str(predictions), "--no-figures", *_HERE],
        ]
    return commands


def _error(log: Path, begin: int, command: str, code: int) -> RunError | TaskLostError:
    """The last error line of a command, or its exit code where it wrote none.

    Args:
        log: The log of the cell.
        begin: The byte at which the lines of this run begin.
        command: The name of the command.
        code: Its exit code.
    """
    text = _last_error(log, begin)
    if not text:
        text = f"tfuq {command} ended with exit code {code}; see {log}"
    if code < 0 or code == _STOPPED:
        return TaskLostError(text[:_LONGEST_ERROR])
    return RunError(text[:_LONGEST_ERROR])


def _last_error(log: Path, begin: int) -> str | None:
    if not log.is_file():
        return None
    content = log.read_bytes()[begin:]
    lines = content.decode(errors="replace").strip().splitlines()
    for line in reversed(lines):
        if line.startswith(_PREFIX):
            return line.removeprefix(_PREFIX)
    return None
