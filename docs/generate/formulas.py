"""Formulas of the site as MathML, which browsers draw without a script from elsewhere."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

# docutils writes the index of a letter with a bar below the letter, as a limit.
_BAR_AND_INDEX = re.compile(
    r"<munderover>\s*(<mi>[^<]*</mi>)\s*(<mi>[^<]*</mi>)\s*"
    r'(<mo stretchy="false">ˉ</mo>)\s*</munderover>'
)


def mathml(formula: str, **options: bool) -> str:
    """A formula as MathML.

    Args:
        formula: As LaTeX.
        options: Of docutils' converter.
    """
    barred = r'<msub><mover accent="true">\1\3</mover>\2</msub>'
    return _BAR_AND_INDEX.sub(barred, tex2mathml(formula, **options))


def write_inline(translator: Any, node: nodes.math) -> None:
    """Write a formula in a line.

    Args:
        translator: Sphinx's writer of HTML.
        node: The formula, as LaTeX.
    """
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def write_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula that stands by itself.

    Args:
        translator: Sphinx's writer of HTML.
        node: The formula, as LaTeX.
    """
    translator.body.append(f"<div>{mathml(node.astext(), as_block=True)}</div>\n")
    raise nodes.SkipNode
