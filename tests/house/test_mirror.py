"""``tests/unit/`` mirrors ``tfuq/``: every public module has the file of tests that bears its name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def public_modules() -> list[Path]:
    """The modules that do something, relative to ``tfuq/``; a package's own file is no module of it."""
    modules = []
    for path in (ROOT / "tfuq").rglob("*.py"):
        if not path.name.startswith("_"):
            modules.append(path.relative_to(ROOT / "tfuq"))
    return sorted(modules)


def imported(tree: ast.Module) -> set[str]:
    """The dotted names of modules, and of what is taken from them, that a file imports anywhere."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def has_test(tree: ast.Module) -> bool:
    """Whether a file defines a test."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return any(function.name.startswith("test_") for function in functions)


@pytest.mark.parametrize("module", public_modules(), ids=str)
def test_a_module_has_its_file_of_tests(module):
    """The file has a test, and imports the module itself."""
    path = ROOT / "tests" / "unit" / module.with_name(f"test_{module.name}")
    assert path.is_file(), f"{path.relative_to(ROOT)} is missing"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert has_test(tree)
    assert ".".join(["tfuq", *module.with_suffix("").parts]) in imported(tree)


def test_a_file_of_tests_has_its_module():
    """What belongs to no module of its own is a workflow."""
    mirrored = {module.with_name(f"test_{module.name}") for module in public_modules()}
    for path in (ROOT / "tests" / "unit").rglob("test_*.py"):
        relative = path.relative_to(ROOT / "tests" / "unit")
        if relative.name != "test_package.py":
            assert relative in mirrored, f"tests/unit/{relative} mirrors no module of tfuq/"


def test_what_tests_share_lies_in_no_file_of_tests():
    for path in (ROOT / "tests").rglob("*.py"):
        names = imported(ast.parse(path.read_text(encoding="utf-8")))
        borrowed = {name for name in names if re.match(r"tests\.(\w+\.)*test_\w+", name)}
        assert not borrowed, f"{path.relative_to(ROOT)}: {borrowed}"
