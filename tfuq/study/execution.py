"""Running cells: each in processes of its own, several at once, what is finished left as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tfuq.data.ownership import note, require_place_of_file
from tfuq.data.writers import make_folder, write_text
from tfuq.study.cells import Cell

Execute = Callable[[Sequence[str], Path], int]  # arguments of tfuq and the log to append to; returns the exit code
_MOST_TEXT = 300


def run_cells(cells: Sequence[Cell], execute: Execute, jobs: int) -> Iterator[tuple[Cell, str | None]]:
    """Run the cells, ``jobs`` at a time; yields each as it ends, with what went wrong in it or None.

    Where the caller stops, no further cell begins; commands that run are left to ``execute`` to end.
    """
    pool = ThreadPoolExecutor(jobs)
    try:
        ends = {pool.submit(_run, cell, execute): cell for cell in cells}
        for end in as_completed(ends):
            yield ends[end], end.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _run(cell: Cell, execute: Execute) -> str | None:
    make_folder(cell.log.parent)
    require_place_of_file(cell.log)  # which is added to, as what lies there may be somebody's
    write_text(cell.settings, cell.config.dump())
    begin = cell.log.stat().st_size if cell.log.is_file() else 0
    try:
        for arguments in _commands(cell):
            code = execute(arguments, cell.log)
            if code:
                return _error(cell.log, begin, arguments[0], code)
        return None
    finally:
        if cell.log.is_file():
            note(cell.log)


def _commands(cell: Cell) -> list[list[str]]:
    """Each goes on where an earlier one was stopped."""
    predictions = cell.run / "predictions" / cell.config.method
    return [
        ["train", str(cell.settings), "--run", str(cell.run), "--resume"],
        ["predict", str(cell.run), "--out", str(predictions)],
        ["score", str(predictions), "--no-figures"],
    ]


def _error(log: Path, begin: int, command: str, code: int) -> str:
    """The command's own last line, as far as it says what the exit code does not; ``begin`` is where this run's lines begin."""
    content = log.read_bytes()[begin:] if log.is_file() else b""
    lines = content.decode(errors="replace").strip().splitlines()
    said = next((line.removeprefix("tfuq: ") for line in reversed(lines) if line.startswith("tfuq: ")), None)
    return (said or f"tfuq {command} ended with exit code {code}; see {log}")[:_MOST_TEXT]
