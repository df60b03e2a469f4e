"""Files of data sets where each case has a folder of its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from tfuq.workflows.init.survey import Item

CASE = "{case}"
SEPARATORS = "_-. "
_ANY = "*"
_TOKENS = re.compile(r"[^_\-. ]+")


@dataclass(frozen=True, kw_only=True)
class Named:
    """A file, and what its path says.

    Attributes:
        case: The name of its case.
        pattern: Of its path without ending, as `tfuq.data.layouts.patterns` has it.
        words: What the pattern says beside the case.
        item: The file.
    """

    case: str
    pattern: str
    words: tuple[str, ...]
    item: Item


def named_by_folders(items: Sequence[Item]) -> Iterator[tuple[set[str], list[Named]]]:
    """Read paths by each level of folders that may have the names of cases.

    Labels may lie elsewhere, in folders or files that have the names of these cases.

    Yields:
        The names of the cases, and the files that have one of them in their path.
    """
    deepest = max(len(item.levels) for item in items)
    for level in range(deepest):
        cases = _case_folders(items, level)
        named = [_named(item, cases) for item in items]
        yield cases, _with_stars([one for one in named if one is not None])


def _case_folders(items: Sequence[Item], level: int) -> set[str]:
    """The names of folders at a level, without folders that hold others of these names."""
    names = {item.levels[level] for item in items if len(item.levels) > level}
    holders = set()
    for item in items:
        if len(item.levels) > level and names & set(item.levels[level + 1 :]):
            holders.add(item.levels[level])
    return names - holders


def _named(item: Item, cases: Collection[str]) -> Named | None:
    """By the first folder that is a case, or by the file's own name."""
    parts = [*item.folder, item.name]
    for level, name in enumerate(item.levels):
        if name in cases:
            return _of_level(item, parts, level, name)
    case = _case_within(item.name, cases)
    if case is None:
        return None
    return _of_level(item, parts, len(parts) - 1, case)


def _case_within(name: str, cases: Collection[str]) -> str | None:
    """The longest run of a name's words that is a case."""
    words = list(_TOKENS.finditer(name))
    runs = []
    for first in range(len(words)):
        for last in range(first, len(words)):
            runs.append(name[words[first].start() : words[last].end()])
    return max((run for run in runs if run in cases), key=len, default=None)


def _of_level(item: Item, parts: Sequence[str], level: int, case: str) -> Named:
    """The case is in the part of a path at a level; those after it may repeat it."""
    pattern = [*parts[:level], *(part.replace(case, CASE) for part in parts[level:])]
    words = [part.replace(CASE, "").strip(SEPARATORS) for part in pattern]
    return Named(case=case, pattern="/".join(pattern), words=tuple(filter(None, words)), item=item)


def _with_stars(named: Sequence[Named]) -> list[Named]:
    """The same; a star is for names below a case that no two cases share.

    Archives name the folders of studies and series by their dates and identifiers. A case with
    several series is left as it is, as nothing says which of them is meant.
    """
    alike: dict[tuple[str, int], list[Named]] = defaultdict(list)
    rest = []
    for one in named:
        if one.item.is_series:
            start, _, below = one.pattern.partition(CASE)
            alike[start, below.count("/")].append(one)
        else:
            rest.append(one)
    for series in alike.values():
        rest.extend(_starred(series))
    return rest


def _starred(series: Sequence[Named]) -> Sequence[Named]:
    are_single = len({one.case for one in series}) == len(series)
    if len(series) < 2 or not are_single:
        return series
    parts = [one.pattern.split("/") for one in series]
    common = []
    for names in zip(*parts, strict=True):
        common.append(names[0] if len(set(names)) == 1 else _ANY)
    words = tuple(word for word in series[0].words if any(word in part for part in common))
    return [replace(one, pattern="/".join(common), words=words) for one in series]
