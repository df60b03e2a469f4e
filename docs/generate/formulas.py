"""Formulas of the site as MathML, which browsers draw without a script from elsewhere."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml


def write_inline(translator: Any, node: nodes.math) -> None:
    """Write a formula in a line.

    Args:
        translator: Sphinx's writer of HTML.
        node: The formula, as LaTeX.
    """
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def write_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula that stands by itself.

    Args:
        translator: Sphinx's writer of HTML.
        node: The formula, as LaTeX.
    """
    translator.body.append(f"<div>{tex2mathml(node.astext(), as_block=True)}</div>\n")
    raise nodes.SkipNode
