"""Pages of the documentation: their blocks of code, and what stands above each."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.reading_ease import ROOT

_FENCE = re.compile(
    r"^(?:<!-- (?P<mark>.+?) -->\n)?```(?P<language>\w*)[^`\n]*\n(?P<code>.*?)^```$", re.M | re.S
)
_COMMAND = re.compile(r"(?:^|; |\bdo |--ntasks-per-node=1 )(tfuq .*?)(?=; |$)", re.M)


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: The file that it is in.
        mark: What the comment above it says; empty where there is none.
        language: Of the code; empty where none is named.
        code: The code.
    """

    page: Path
    mark: str
    language: str
    code: str

    def commands(self) -> list[str]:
        """The commands of tfuq in it, without comments and redirections."""
        return [found.partition("  #")[0].strip() for found in _COMMAND.findall(self.code)]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        found.append(Block(page, match["mark"] or "", match["language"], match["code"]))
    return found


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
