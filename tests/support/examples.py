"""The commands of tfuq, the examples that their help shows, and lines of them."""

from __future__ import annotations

import click
from click.testing import CliRunner

from tfuq_cli.main import main


def commands(group=main, path=()) -> list[tuple[str, ...]]:
    """The words of every command, a group before what it holds."""
    found = [path]
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        found += (
            commands(command, (*path, name))
            if isinstance(command, click.Group)
            else [(*path, name)]
        )
    return found


def example_lines(command) -> list[str]:
    """The lines below "Example:" in a command's help."""
    result = CliRunner().invoke(main, [*command, "--help"], prog_name="tfuq")
    assert result.exit_code == 0, result.output
    _, found, after = result.output.partition("Example:\n")
    assert found, f"tfuq {' '.join(command)} --help shows no example"
    lines = [line.strip() for line in after.split("\n\n")[0].splitlines()]
    assert lines[0].startswith(" ".join(["tfuq", *command]))
    return lines


def parsed(words: list[str]) -> None:
    """Take the words of a command as click does, and run nothing."""
    command: click.Command = main
    name = "tfuq"
    context = None
    while isinstance(command, click.Group) and words:
        context = click.Context(command, info_name=name, parent=context)
        words = command.make_parser(context).parse_args(list(words))[1]
        if words:
            name, command, words = command.resolve_command(context, words)
    if not isinstance(command, click.Group):
        command.make_context(name, words, parent=context)
