"""The version of tfuq."""

import ast
from importlib import metadata
from pathlib import Path

from tfuq import version


def test_it_is_that_of_the_installed_package():
    assert version.__version__ == metadata.version("tfuq")


def test_reading_it_imports_nothing_else():
    tree = ast.parse(Path(version.__file__).read_text())
    assert not [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
