"""Numbers of summaries in words: intervals, shares and correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Bounds = tuple[float | None, float | None]


def bounds(table: Mapping[str, Any], prefix: str) -> Bounds:
    """The ends of an interval; None where there is none.

    Args:
        table: Figures by name.
        prefix: What the names of both ends begin with.
    """
    return table.get(f"{prefix}lower"), table.get(f"{prefix}upper")


def interval(ends: Sequence[float | None], digits: int = 3) -> str:
    """An interval as it stands behind its value; nothing where there is none.

    Args:
        ends: Both ends.
        digits: Digits after the point.
    """
    if None in ends:
        return ""
    low, high = ends
    return f" ({low:.{digits}f} to {high:.{digits}f})"


def share(table: Mapping[str, Any]) -> str:
    """A share with its interval and what it is of.

    Args:
        table: ``share``, ``lower``, ``upper``, ``n`` items, ``cases`` and ``samples``.
    """
    of_items = ""
    if table["n"] != table["cases"]:
        of_items = f"{table['n']} in "
    ends = interval((table["lower"], table["upper"]))
    cases = f"{of_items}{table['cases']} cases"
    return f"{table['share']:.3f}{ends} of {cases}, T = {table['samples']}"


def correlation(table: Mapping[str, Any]) -> str:
    """A correlation over all items with its interval.

    Args:
        table: ``rho``, ``lower`` and ``upper``.
    """
    return f"{table['rho']:.3f}{interval((table['lower'], table['upper']))}"
