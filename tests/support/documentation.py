"""Pages of the documentation: their blocks of code, and what stands above each."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.reading_ease import ROOT

_FENCE = re.compile(
    r"^(?:<!-- (?P<mark>.+?) -->\n)?```(?P<language>\w*)(?P<directive>[^`\n]*)\n(?P<code>.*?)^```$",
    re.M | re.S,
)
_SETTINGS = re.compile(r"\A---\n(?P<yaml>.*?)^---\n", re.M | re.S)
_COMMAND = re.compile(r"(?:^|; |\bdo |--ntasks-per-node=1 )(tfuq .*?)(?=; |$)", re.M)


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: The file that it is in.
        mark: What the comment above it says; empty where there is none.
        language: Of the code; empty where none is named.
        code: The code.
        is_cell: Whether it is run when the page is built, as the cell of a notebook.
        settings: Of a cell.
    """

    page: Path
    mark: str
    language: str
    code: str
    is_cell: bool = False
    settings: dict[str, Any] = field(default_factory=dict)

    def commands(self) -> list[str]:
        """The commands of tfuq in it, without comments and redirections."""
        return [found.partition("  #")[0].strip() for found in _COMMAND.findall(self.code)]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        mark = match["mark"] or ""
        if match["directive"].startswith("{code-cell}"):
            found.append(_cell(page, mark, match["code"]))
        else:
            found.append(Block(page, mark, match["language"], match["code"]))
    return found


def _cell(page: Path, mark: str, text: str) -> Block:
    """A cell, with its settings apart from its code."""
    settings = {}
    before = _SETTINGS.match(text)
    if before:
        settings = yaml.safe_load(before["yaml"])
    code = _SETTINGS.sub("", text)
    language = "python"
    if code.startswith("%%sh"):
        language = "sh"
    return Block(page, mark, language, code, is_cell=True, settings=settings)


def page_blocks(name: str, language: str) -> list[str]:
    """The code of a language in a page.

    Args:
        name: Of the page in ``docs/``.
        language: As the fence names it.
    """
    return [block.code for block in blocks(ROOT / "docs" / name) if block.language == language]


def page(name: str) -> str:
    """The text of a page in ``docs/``."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def command_words(line: str) -> Iterator[str]:
    """The words of a command after ``tfuq``, where a shell would put a value for a variable."""
    for word in shlex.split(line)[1:]:
        yield re.sub(r"\$\{?\w+\}?", "1", word.replace("$m", "ensemble"))
