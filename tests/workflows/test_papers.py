"""docs/papers.md: every command parses, and those on phantoms leave the files that the page names."""

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tfuq_cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "papers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh( phantom)?\n(.*?)```", PAGE, re.DOTALL)
LINES = [line for _, block in BLOCKS for line in block.splitlines()]
ON_PHANTOMS = [line for kind, block in BLOCKS if kind for line in block.splitlines()]
FILES = sorted(set(re.findall(r"`(papers/[^`]+)`", PAGE)))
FIRST = ("tfuq data synth", "tfuq train")


def parse(line):
    """Parse a command as the shell would give it, and run nothing."""
    program, *words = shlex.split(line)
    assert program == "tfuq"
    command, context = main, click.Context(main)
    while isinstance(command, click.Group):
        command, context = command.get_command(context, words[0]), context
        assert command is not None, f"no such command: {words[0]}"
        words = words[1:]
    command.make_context(command.name, words)


@pytest.mark.parametrize("line", LINES)
def test_every_command_of_the_page_parses(line):
    parse(line)


def test_a_wrong_option_would_be_noticed():
    with pytest.raises(click.UsageError):
        parse("tfuq plot runs/a --case b --slise 3")


def test_every_section_has_commands_on_phantoms_and_names_what_they_leave():
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [section[0] for section in sections] == list("ABCDE")
    for section in sections:
        assert "```sh phantom\n" in section
        assert "`papers/" in section
    trained = {shlex.split(line)[-1] for line in ON_PHANTOMS if line.startswith(FIRST)}
    assert trained


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
