"""A few cases for a trial, which have every class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfuq.data.spread import evenly

_FEW = 8
_Classes = Mapping[str, frozenset[int | str]]


def few_cases(ids: Sequence[str], present: _Classes, least: int = _FEW) -> list[str]:
    """Choose cases evenly, and further ones until every class that is known of is among them.

    Args:
        ids: Of all cases.
        present: The classes that a case is known to have.
        least: How many cases to choose, where there are as many.
    """
    chosen = evenly(ids, least)
    seen: set[int | str] = set()
    for case in chosen:
        seen |= present.get(case, frozenset())
    for case in ids:
        classes = present.get(case, frozenset())
        if not classes <= seen:
            chosen.append(case)
            seen |= classes
    return chosen
