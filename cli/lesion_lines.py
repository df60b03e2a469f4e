"""Detection of lesions in lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfuq.scoring.lesion_structures import told_of
from tfuq_cli.numbers import bounds, interval

_SCORES = {
    "sensitivity": "sensitivity",
    "false_positives_per_scan": "false positives a scan",
    "lesion_f1": "F1",
}


def lesion_lines(summary: dict[str, Any]) -> Iterator[str]:
    """How many lesions of each structure are found; nothing of organs, which are no lesions.

    Args:
        summary: Of a score folder.
    """
    for name in told_of(summary):
        scores = summary["detection"][name]
        described = []
        for score, words in _SCORES.items():
            if scores[score] is not None:
                ends = interval(bounds(scores, f"{score}_"), 2)
                described.append(f"{words} {scores[score]:.2f}{ends}")
        found = f"{scores['found']} of {scores['lesions']} lesions found"
        yield f"{name}: {found} in {scores['scans']} scans: {', '.join(described)}"
