"""Graphs are traced from the code as it stands: no function is rewritten by AutoGraph.

To rewrite the functions of a network takes longer than to trace them.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(ROOT.glob("tfuq/**/*.py"))


def rewritten(source: str) -> list[int]:
    """Lines that make a graph's function without ``autograph=False``."""
    calls, names = [], []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "tf.function":
            calls.append(node)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "tf.function":
            names.append(node)
    plain = [node.lineno for node in names if node not in [call.func for call in calls]]
    for call in calls:
        if "autograph=False" not in [ast.unparse(keyword) for keyword in call.keywords]:
            plain.append(call.lineno)
    return plain


def test_no_function_is_rewritten():
    assert len(SOURCES) > 200
    found = {str(path): rewritten(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("f = tf.function(g, autograph=False)", []),
        ("f = tf.function(g)", [1]),
        ("@tf.function\ndef f(): ...", [1]),
        ("@tf.function(autograph=False)\ndef f(): ...", []),
    ],
)
def test_what_rewrites_is_found(source, lines):
    assert rewritten(source) == lines
