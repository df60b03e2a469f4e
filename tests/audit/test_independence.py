"""The audit shares no code with what it audits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
OTHERS = ("test_", "conftest")
MODULES = [path for path in sorted(FOLDER.glob("*.py")) if not path.name.startswith(OTHERS)]


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_of_tfuq_is_imported(path):
    """Neither directly nor by way of other helpers of the tests."""
    own = {f"tests.audit.{module.stem}" for module in MODULES} | {"tests.audit"}
    for name in imported(path):
        assert not name.startswith(("tfuq", "importlib")), name
        assert not name.startswith("tests") or name in own, name


@pytest.mark.parametrize("path", sorted(FOLDER.glob("test_*.py")), ids=lambda path: path.stem)
def test_what_is_audited_is_run_by_the_command_line_alone(path):
    assert not [name for name in imported(path) if name.startswith("tfuq")]
