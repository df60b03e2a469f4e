"""How dense the code is.

    python -m tests.support.air [FOLDER ...]

prints, for the Python files of the folders (``tfuq`` and ``cli`` where none is given), how long files and functions are and how
much a line holds. A code line is neither empty, nor a comment, nor part of a docstring; shares per 1,000 lines are of all lines.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WIDTH = 100  # columns that a line may have

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_UNITS = (ast.Module, ast.ClassDef, *_FUNCTIONS)


@dataclass(frozen=True)
class Source:
    """One file: its path, its lines and its syntax tree."""

    path: Path
    lines: list[str]
    tree: ast.Module

    @classmethod
    def read(cls, path: Path) -> Source:
        text = path.read_text(encoding="utf-8")
        return cls(path, text.splitlines(), ast.parse(text))

    def code_lines(self) -> set[int]:
        """Numbers of the lines of code."""
        documented = _docstring_lines(self.tree)
        numbers = enumerate(self.lines, start=1)
        return {number for number, line in numbers if _is_code(line) and number not in documented}


@dataclass(frozen=True)
class Density:
    """What was counted over all files."""

    lines: int
    statements: int
    long_lines: int
    packed_assignments: int
    conditional_expressions: int
    comprehensions: int
    body_nodes: int
    body_lines: int
    function_lengths: list[int]
    file_lengths: list[int]

    @property
    def nodes_a_line(self) -> float:
        """Syntax nodes for each code line of function bodies."""
        return self.body_nodes / self.body_lines

    @property
    def packed_per_thousand(self) -> float:
        """Assignments of several values to several names for each 1,000 statements."""
        return 1000 * self.packed_assignments / self.statements

    @property
    def conditionals_per_thousand(self) -> float:
        """Conditional expressions for each 1,000 lines."""
        return 1000 * self.conditional_expressions / self.lines

    @property
    def comprehensions_per_thousand(self) -> float:
        """Comprehensions for each 1,000 lines."""
        return 1000 * self.comprehensions / self.lines


def _is_code(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#")


def _docstring(node: ast.AST) -> ast.Expr | None:
    first = node.body[0] if node.body else None
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return first if is_text and isinstance(first.value.value, str) else None


def _docstring_lines(tree: ast.Module) -> set[int]:
    numbers: set[int] = set()
    for node in ast.walk(tree):
        docstring = _docstring(node) if isinstance(node, _UNITS) else None
        if docstring is not None:
            numbers.update(range(docstring.lineno, docstring.end_lineno + 1))
    return numbers


def _is_packed(node: ast.AST) -> bool:
    """Whether a statement is of the form ``a, b = x, y``."""
    if not isinstance(node, ast.Assign):
        return False
    return isinstance(node.value, ast.Tuple) and isinstance(node.targets[0], ast.Tuple)


def _outer_functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Functions and methods that are not inside another function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _FUNCTIONS):
            yield node
        else:
            yield from _outer_functions(node)


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    return function.body[1:] if _docstring(function) is not None else function.body


def _body_lines(function: ast.FunctionDef, code: set[int]) -> int:
    numbers: set[int] = set()
    for statement in _body(function):
        numbers.update(range(statement.lineno, statement.end_lineno + 1))
    return len(numbers & code)


def _length(function: ast.FunctionDef, code: set[int]) -> int:
    """Code lines from the signature to the end."""
    return len(code.intersection(range(function.lineno, function.end_lineno + 1)))


def _body_nodes(function: ast.FunctionDef) -> int:
    return sum(1 for statement in _body(function) for _ in ast.walk(statement))


def sources(folders: Sequence[Path]) -> list[Source]:
    """Every Python file of the folders, by path."""
    paths = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return [Source.read(path) for path in paths]


def density(files: Sequence[Source]) -> Density:
    """Count over all files."""
    code = {file.path: file.code_lines() for file in files}
    nodes = [node for file in files for node in ast.walk(file.tree)]
    functions = [(each, code[file.path]) for file in files for each in _outer_functions(file.tree)]
    return Density(
        lines=sum(len(file.lines) for file in files),
        statements=sum(isinstance(node, ast.stmt) for node in nodes),
        long_lines=sum(len(line) > WIDTH for file in files for line in file.lines),
        packed_assignments=sum(_is_packed(node) for node in nodes),
        conditional_expressions=sum(isinstance(node, ast.IfExp) for node in nodes),
        comprehensions=sum(isinstance(node, _COMPREHENSIONS) for node in nodes),
        body_nodes=sum(_body_nodes(function) for function, _ in functions),
        body_lines=sum(_body_lines(function, lines) for function, lines in functions),
        function_lengths=[_length(function, lines) for function, lines in functions],
        file_lengths=[len(file.lines) for file in files],
    )


def _spread(lengths: Sequence[int]) -> str:
    """Median, 90th percentile and maximum."""
    median, high = np.percentile(lengths, [50, 90])
    return f"{median:.0f}/{high:.0f}/{max(lengths)}"


def describe(found: Density) -> list[str]:
    """A line for each figure."""
    return [
        f"lines: {found.lines}",
        f"syntax nodes per code line of function bodies: {found.nodes_a_line:.1f}",
        f"lines over {WIDTH} columns: {found.long_lines}",
        f"packed assignments per 1000 statements: {found.packed_per_thousand:.1f}",
        f"conditional expressions per 1000 lines: {found.conditionals_per_thousand:.1f}",
        f"comprehensions per 1000 lines: {found.comprehensions_per_thousand:.1f}",
        f"functions (lines, median/p90/max): {_spread(found.function_lengths)}",
        f"files (lines, median/p90/max): {_spread(found.file_lengths)}",
    ]


if __name__ == "__main__":
    given = [Path(name) for name in sys.argv[1:]]
    print("\n".join(describe(density(sources(given or [Path("tfuq"), Path("cli")])))))
