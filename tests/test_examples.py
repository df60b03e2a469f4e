"""What help and README tell people to type works as it stands."""

import shlex

import click
from click.testing import CliRunner

from tfuq_cli.main import main

# Only what makes training short; it comes last and so wins over the example's own.
KEYS = ("training.epochs=1", "training.steps_per_epoch=1", "prediction.samples=2", "ensemble.members=2", "data.split.test=2")
SHORT = [word for key in KEYS for word in ("-o", key)]


def commands(group=main, path=()) -> list[tuple[str, ...]]:
    """The words of every command, a group before what it holds."""
    found = [path]
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        found += commands(command, (*path, name)) if isinstance(command, click.Group) else [(*path, name)]
    return found


def example_lines(command) -> list[str]:
    """The lines below "Example:" in a command's help."""
    result = CliRunner().invoke(main, [*command, "--help"], prog_name="tfuq")
    assert result.exit_code == 0, result.output
    _, found, after = result.output.partition("Example:\n")
    assert found, f"tfuq {' '.join(command)} --help shows no example"
    lines = [line.strip() for line in after.split("\n\n")[0].splitlines()]
    assert all(line.startswith(" ".join(["tfuq", *command])) for line in lines)
    return lines


def test_every_help_shows_an_example_that_runs(tfuq, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFUQ_SCORE_FIGURES", "0")  # drawn in other tests
    ran = set()
    for command in commands():
        for line in example_lines(command):
            if line in ran or command == ("demo",):  # which test_demo_teaches_every_method runs
                continue
            words = shlex.split(line)[1:]
            result = tfuq(*words, *(SHORT if words[0] == "train" else []))
            assert result.exit_code == 0, f"{line}\n{result.output}"
            ran.add(line)
    assert {line.split()[1] for line in ran} == {"data", "train", "predict", "score", "compare"}
