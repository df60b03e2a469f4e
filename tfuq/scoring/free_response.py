"""Free-response curves: lesions found against false positives a scan, over a confidence."""

from __future__ import annotations

import numpy as np

from tfuq.scoring.rows import Row


def free_response(
    confidence: np.ndarray,
    finds: np.ndarray,
    is_false: np.ndarray,
    *,
    lesions: int,
    scans: int,
) -> list[Row]:
    """The curve's points, from the highest threshold to the lowest.

    A component counts where its confidence is at the threshold or above. Which lesion it finds is
    the same at every threshold. So the curve only rises, and ends at the sensitivity of all
    predicted components.

    Args:
        confidence: of each predicted component, ``[n]``.
        finds: whether it finds a lesion, bool ``[n]``.
        is_false: whether it is a false positive, bool ``[n]``. What is neither counts for nothing.
        lesions: how many there are, at least one.
        scans: how many there are.

    Returns:
        A row for each distinct confidence: ``threshold``, ``sensitivity`` in 0…1, and
        ``false_positives_per_scan``.

    References:
        Chakraborty 1989, Medical Physics 16(4).
    """
    order = np.argsort(-confidence, kind="stable")
    found = np.cumsum(finds[order])
    false = np.cumsum(is_false[order])
    thresholds = confidence[order]
    is_last = np.append(thresholds[1:] != thresholds[:-1], True)[: len(thresholds)]
    rows = []
    for index in np.flatnonzero(is_last):
        rows.append(
            {
                "threshold": float(thresholds[index]),
                "sensitivity": float(found[index] / lesions),
                "false_positives_per_scan": float(false[index] / scans),
            }
        )
    return rows
