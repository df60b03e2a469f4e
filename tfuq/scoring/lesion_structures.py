"""Which structures are lesions, of which it is told how many are found.

An organ is one piece, or two, in every scan: that it is "detected" says nothing. Lesions are of any
number. Where ``data.lesions`` does not say which structures are lesions, they are those that do not
consist of the same one or two main parts in nine of ten references. The main parts of a structure
are its largest components that together hold 95 % of its voxels, so that specks do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfuq.scoring.rows import Row, grouped, numbers_of

STRUCTURES = "lesion_structures"  # in a summary
_MAIN = 0.95
_ALIKE = 0.9
_MOST_PARTS_OF_ORGANS = 2


def lesion_structures(
    named: Sequence[str] | None, counts: Sequence[Row], lesions: Sequence[Row]
) -> list[str]:
    """The structures that are lesions.

    Args:
        named: ``data.lesions``; None for those that the references say.
        counts: Rows of ``detection.csv``.
        lesions: Rows of ``lesions.csv``.
    """
    if named is not None:
        return list(named)
    sizes: dict[tuple[str, ...], list[Row]] = {}
    for row in lesions:
        sizes.setdefault(_reference(row), []).append(row)
    found = []
    for name, references in grouped(counts, "class").items():
        parts = [_main_parts(sizes.get(_reference(row), [])) for row in references]
        if not _is_organ(parts):
            found.append(name)
    return found


def told_of(summary: Mapping[str, Any]) -> list[str]:
    """The structures of a summary whose lesions are told of.

    Args:
        summary: Of scores; those of earlier versions tell of all structures.
    """
    detection = summary.get("detection", {})
    return [name for name in summary.get(STRUCTURES, detection) if name in detection]


def _reference(row: Row) -> tuple[str, ...]:
    return row["case"], row.get("rater", ""), row["class"]


def _main_parts(lesions: Sequence[Row]) -> int:
    """How many of the largest components hold most of a structure; 0 without any."""
    if not lesions:
        return 0
    voxels = np.sort(numbers_of(lesions, "voxels"))[::-1]
    held = np.cumsum(voxels)
    return int(np.searchsorted(held, _MAIN * held[-1])) + 1


def _is_organ(parts: Sequence[int]) -> bool:
    """Whether nearly all references of a structure consist of the same one or two parts."""
    ((number, times),) = Counter(parts).most_common(1)
    return 1 <= number <= _MOST_PARTS_OF_ORGANS and times >= _ALIKE * len(parts)
