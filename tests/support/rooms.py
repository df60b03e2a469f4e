"""Print CONTRIBUTING's map of the rooms, made of their own docstrings: ``python -m tests.support.rooms``."""

from __future__ import annotations

import ast
import configparser
from pathlib import Path

ROOT = Path(__file__).parents[2]


def layers() -> list[list[str]]:
    """The rooms from the highest to the lowest, those of one height together."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = setup["importlinter:contract:layers"]["layers"].split("\n")
    return [line.split(" | ") for line in lines if line.strip()]


def purpose(module: str) -> str:
    """The first line of a package's or a module's docstring."""
    place = ROOT / module.replace("tfuq_cli", "cli").replace(".", "/")
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))).partition("\n")[0]


def table() -> str:
    """The map as Markdown."""
    rows = ["| layer | room | purpose |", "|---|---|---|"]
    for number, rooms in enumerate(layers(), start=1):
        for room in rooms:
            rows.append(f"| {number} | `{room.strip()}` | {purpose(room.strip())} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
