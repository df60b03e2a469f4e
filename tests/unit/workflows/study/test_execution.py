"""Cells are run in turn, several at once, and what went wrong in one is said."""

import pytest

from tests.conftest import settings
from tfuq.workflows.study.cells import Cell
from tfuq.workflows.study.execution import run_cells


@pytest.fixture
def cell(tmp_path):
    return Cell(id="a", labels={}, config=settings(tmp_path), folder=tmp_path / "study")


def appending(text, code):
    """A command that writes to the log and ends."""

    def execute(arguments, log):
        with log.open("a") as file:
            file.write(text)
        return code

    return execute


def test_commands_are_run_in_turn_and_go_on_where_they_stopped(cell):
    ran = []
    found = list(run_cells([cell], lambda arguments, log: ran.append(list(arguments)), 1))
    assert found == [(cell, None)]
    run = str(cell.run)
    predictions = f"{run}/predictions/mc-dropout"
    assert ran == [
        ["train", str(cell.settings), "--run", run, "--resume"],
        ["predict", run, "--out", predictions],
        ["score", predictions, "--no-figures"],
    ]
    assert cell.settings.read_text() == cell.config.dump()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("tfuq: a: first\nnoise\ntfuq: b: is damaged\nmore\n", "b: is damaged"),
        ("nothing of ours\n", "tfuq train ended with exit code 2; see "),
        ("", "tfuq train ended with exit code 2; see "),
        ("tfuq: " + "x" * 999, "x" * 300),
    ],
)
def test_the_last_line_of_ours_says_what_went_wrong(cell, text, error):
    ((failed, found),) = run_cells([cell], appending(text, 2), 1)
    assert failed is cell
    assert found.startswith(error)
    assert len(found) <= 300


def test_lines_of_an_earlier_run_say_nothing(cell):
    list(run_cells([cell], appending("tfuq: earlier\n", 2), 1))
    ((_, found),) = run_cells([cell], appending("", 3), 1)
    assert found == f"tfuq train ended with exit code 3; see {cell.log}"[:300]


def test_no_cell_begins_where_the_caller_stops(cell, tmp_path):
    others = [
        Cell(id=f"b{n}", labels={}, config=cell.config, folder=tmp_path / "study")
        for n in range(20)
    ]
    begun = []
    running = run_cells([cell, *others], lambda arguments, log: begun.append(log), 1)
    next(running)
    running.close()
    assert len(begun) < 3 * 21
