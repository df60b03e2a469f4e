"""Texts of the source code that name a setting or an option, for tests of what tfuq advises."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SECTIONS = (
    "data|preprocessing|augmentation|network|training|ensemble|variational|latent|swag|probabilistic"
    "|stochastic|prediction"
)
# A key of the configuration; what follows a brace is Python and none.
SETTING = re.compile(rf"(?<![\w.{{])((?:{_SECTIONS})\.(?!png|md)[a-z_]+(?:\.[a-z_]+)*)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)")
_DOCUMENTED = (ast.FunctionDef, ast.ClassDef, ast.Module)


@dataclass(frozen=True)
class Text:
    """A text of more than a word.

    Attributes:
        path: The file, relative to the repository.
        line: Where it begins.
        words: The text, a hole ``{}`` in place of each expression.
    """

    path: str
    line: int
    words: str

    @property
    def constants(self) -> list[str]:
        """What of it stands between the holes."""
        return self.words.split("{}")


@functools.cache
def texts() -> list[Text]:
    """The texts of the package and of its commands that are no documentation."""
    found = []
    for folder in ("tfuq", "cli"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            relative = str(path.relative_to(ROOT))
            for node in _strings(tree):
                words = _words(node)
                if " " in words:
                    found.append(Text(relative, node.lineno, words))
    return found


def _strings(node: ast.AST) -> Iterator[ast.JoinedStr | ast.Constant]:
    """Strings below a node, outermost first, and none within one; docstrings are left out."""
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None:
        children.remove(node.body[0])
    for child in children:
        is_text = isinstance(child, ast.Constant) and isinstance(child.value, str)
        if is_text or isinstance(child, ast.JoinedStr):
            yield child
        else:
            yield from _strings(child)


def _words(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return node.value
    return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
