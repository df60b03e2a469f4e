"""The library prints nothing and takes no function to call: it logs, and notifies an observer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "tfuq").rglob("*.py"))
PRINTING = {"print", "click.echo", "sys.stdout.write", "sys.stderr.write"}
ARRAYS = {"on_grid"}  # a parameter that is an array on a grid, and none to call


def printing_calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PRINTING:
            yield f"line {node.lineno}: {ast.unparse(node.func)}"


def parameters_to_call(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.arg) or node.arg in ARRAYS:
            continue
        if node.arg == "say" or node.arg.startswith("on_"):
            yield f"line {node.lineno}: {node.arg}"


def test_no_module_prints_or_takes_a_listener():
    assert len(MODULES) > 200
    found = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{path}: {each}" for each in printing_calls(tree)]
        found += [f"{path}: {each}" for each in parameters_to_call(tree)]
    assert found == []


def test_what_prints_or_listens_is_found():
    code = "def run(cases, *, on_case, say=None):\n    print(cases)\n    click.echo('done')\n"
    tree = ast.parse(code)
    assert list(printing_calls(tree)) == ["line 2: print", "line 3: click.echo"]
    assert list(parameters_to_call(tree)) == ["line 1: on_case", "line 1: say"]
