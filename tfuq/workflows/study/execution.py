"""Running cells: each in processes of its own, several at once. Finished work is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tfuq.data.ownership import note, require_place_of_file
from tfuq.data.writers import make_folder, write_text
from tfuq.workflows.study.cells import Cell

# Takes the arguments of tfuq and the log to append to; returns the exit code.
Execute = Callable[[Sequence[str], Path], int]
_LONGEST_ERROR = 300  # characters
_PREFIX = "tfuq: "  # of the line that says what went wrong


def run_cells(
    cells: Sequence[Cell], execute: Execute, jobs: int
) -> Iterator[tuple[Cell, str | None]]:
    """Run the cells.

    Where the caller stops, no other cell begins. Commands that run are left to ``execute`` to end.

    Args:
        cells: The cells to run.
        execute: Runs a command of tfuq.
        jobs: How many cells run at a time.

    Yields:
        Each cell as it ends, with what went wrong in it, or None.
    """
    pool = ThreadPoolExecutor(jobs)
    try:
        futures = {pool.submit(_run, cell, execute): cell for cell in cells}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _run(cell: Cell, execute: Execute) -> str | None:
    make_folder(cell.log.parent)
    # The log is appended to. What lies in its place may be somebody's.
    require_place_of_file(cell.log)
    write_text(cell.settings, cell.config.dump())
    begin = _size(cell.log)
    try:
        for arguments in _commands(cell):
            code = execute(arguments, cell.log)
            if code:
                return _error(cell.log, begin, arguments[0], code)
        return None
    finally:
        if cell.log.is_file():
            note(cell.log)


def _size(log: Path) -> int:
    """Bytes of a log; 0 where there is none."""
    if not log.is_file():
        return 0
    return log.stat().st_size


def _commands(cell: Cell) -> list[list[str]]:
    """The commands of a cell. Each goes on where an earlier one was stopped."""
    predictions = cell.run / "predictions" / cell.config.method
    return [
        ["train", str(cell.settings), "--run", str(cell.run), "--resume"],
        ["predict", str(cell.run), "--out", str(predictions)],
        ["score", str(predictions), "--no-figures"],
    ]


def _error(log: Path, begin: int, command: str, code: int) -> str:
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
    return text[:_LONGEST_ERROR]


def _last_error(log: Path, begin: int) -> str | None:
    if not log.is_file():
        return None
    content = log.read_bytes()[begin:]
    lines = content.decode(errors="replace").strip().splitlines()
    for line in reversed(lines):
        if line.startswith(_PREFIX):
            return line.removeprefix(_PREFIX)
    return None
