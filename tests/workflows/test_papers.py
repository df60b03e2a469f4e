"""docs/papers.md: the commands on phantoms leave the files that the page names.

That every command parses is asked in `tests/workflows/test_documentation.py`, as of every page.
"""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from tfuq import config as configuration
from tfuq.data.layouts import made_cases
from tfuq.data.splits import split_cases
from tfuq_cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "papers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh( phantom)?\n(.*?)```", PAGE, re.DOTALL)
ON_PHANTOMS = [line for kind, block in BLOCKS if kind for line in block.splitlines()]
FILES = sorted(set(re.findall(r"`(papers/[^`]+)`", PAGE)))
FIRST = ("tfuq data synth", "tfuq train")


def test_every_section_has_commands_on_phantoms_and_names_what_they_leave():
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [section[0] for section in sections] == list("ABCDE")
    for section in sections:
        assert "```sh phantom\n" in section
        assert "`papers/" in section
    trained = {shlex.split(line)[-1] for line in ON_PHANTOMS if line.startswith(FIRST)}
    assert trained


def options(words, name):
    """The values of an option that is given once or several times."""
    return [value for option, value in pairwise(words) if option == name]


@pytest.mark.slow
def test_cases_that_are_plotted_are_test_cases(tmp_path, monkeypatch):
    """By the split that the training makes, and the figures that the page names are of them."""
    monkeypatch.chdir(tmp_path)
    words_of_lines = [shlex.split(line)[1:] for line in ON_PHANTOMS]
    plots = [words for words in words_of_lines if words[0] == "plot"]
    plotted = {words[1]: options(words, "--case")[0] for words in plots}
    assert len(plotted) == 3
    for words in words_of_lines:
        (run,) = options(words, "--run") or [None]
        if words[:2] == ["data", "synth"] and "brats-phantom" in words:
            assert CliRunner().invoke(main, words).exit_code == 0
        if words[0] == "train" and run in plotted:
            config = configuration.load(words[1], options(words, "-o"))
            parts = split_cases(made_cases(config.data), config.data.split)
            assert plotted[run] in [case.id for case in parts["test"]]
    folders = {str(Path(name).parent) for name in FILES if "/plots/" in name}
    assert folders == {f"{run}/plots/{case}" for run, case in plotted.items()}


@pytest.mark.slow
def test_commands_on_phantoms_leave_the_files_that_the_page_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFUQ_SCORE_FIGURES", "1")
    for line in ON_PHANTOMS:
        words = shlex.split(line)[1:]
        if words[0] == "train":
            words += ["-o", "training.epochs=1", "-o", "training.steps_per_epoch=1"]
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, f"{line}\n{result.output}"
    missing = [name for name in FILES if not Path(name).is_file()]
    assert missing == []
