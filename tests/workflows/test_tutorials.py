"""The tutorials: notebooks that ``make docs`` runs, and that fail it where a cell fails."""

from __future__ import annotations

import ast
import re

import pytest
import yaml

from tests.support.documentation import Block, blocks, page
from tests.support.reading_ease import ROOT

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
NAMES = [path.stem for path in TUTORIALS]
CELLS = [cell for path in TUTORIALS for cell in blocks(path) if cell.is_cell]
PYTHON = [cell for cell in CELLS if cell.language == "python"]
SHELL = [cell for cell in CELLS if cell.language == "sh"]
_FRONT = re.compile(r"\A---\n(.*?)^---\n", re.M | re.S)
_DRAWING = re.compile(r"\bplt\.(subplots|figure)\(|\bImage\(")
_LEAST_TEXT = 60  # letters of a text that tells what a picture shows
_MOST_COLUMNS = 100


def cell_name(cell: Block) -> str:
    return f"{cell.page.stem}: {cell.code.splitlines()[-1][:40]}"


def draws(cell: Block) -> bool:
    """Whether a cell shows a picture."""
    return bool(_DRAWING.search(cell.code))


def test_there_are_three_tutorials():
    assert len(TUTORIALS) == 3


@pytest.mark.parametrize("path", TUTORIALS, ids=NAMES)
def test_a_tutorial_is_a_notebook(path):
    """Without these settings it would be a page whose cells are shown and not run."""
    settings = yaml.safe_load(_FRONT.match(path.read_text(encoding="utf-8"))[1])
    assert settings == {"file_format": "mystnb", "kernelspec": {"name": "python3"}}
    cells = [block for block in blocks(path) if block.is_cell]
    assert len(cells) == path.read_text(encoding="utf-8").count("```{code-cell} ipython3\n")
    assert any(draws(cell) for cell in cells)


@pytest.mark.parametrize("path", TUTORIALS, ids=NAMES)
def test_a_tutorial_has_no_code_that_is_not_run(path):
    for block in blocks(path):
        assert block.is_cell or block.mark.startswith("not run: "), block.code


@pytest.mark.parametrize("cell", PYTHON, ids=cell_name)
def test_python_of_a_tutorial_parses(cell):
    ast.parse(cell.code)


@pytest.mark.parametrize("cell", SHELL, ids=cell_name)
def test_commands_of_a_tutorial_fail_the_page_where_they_fail(cell):
    """A shell goes on after a command that failed, unless it is told to end. What the commands are
    is tested with those of the other pages."""
    magic, *lines = cell.code.splitlines()
    assert magic == ("%%sh" if len(lines) == 1 else "%%sh -e")
    assert cell.commands() == lines


@pytest.mark.parametrize("cell", [cell for cell in PYTHON if draws(cell)], ids=cell_name)
def test_a_picture_has_a_text_that_says_what_it_shows(cell):
    assert len(cell.settings["mystnb"]["image"]["alt"]) >= _LEAST_TEXT


@pytest.mark.parametrize("cell", PYTHON, ids=cell_name)
def test_python_of_a_tutorial_fits_its_page(cell):
    assert max(map(len, cell.code.splitlines())) <= _MOST_COLUMNS


def test_a_page_that_fails_fails_the_documentation():
    settings = page("conf.py")
    for line in ('nb_execution_mode = "force"', "nb_execution_raise_on_error = True"):
        assert f"\n{line}\n" in settings
    assert re.search(r"^make .*\bdocs\b", (ROOT / ".ci" / "run").read_text(), re.M)
