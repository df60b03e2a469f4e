"""Stored predictions of ``tests/data`` as a rule of referral sees them: uncertain, and bad or not.

``tests/data/README.md`` says how the predictions were made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[1] / "data"
STORED_ALPHA = 0.1
STORED_DELTA = 0.1
METHODS = ("mc-dropout", "ensemble", "hybrid", "vi")  # of the stored hippocampi
Outcomes = tuple[np.ndarray, np.ndarray]  # uncertainty [n], and whether it is bad, bool [n]


@dataclass(frozen=True, kw_only=True)
class StoredReview:
    """Predictions that a rule of referral is calibrated on and looked at.

    Attributes:
        name: of the predictions, with what is bad of them.
        outcomes: reads them.
        alpha: the largest share of bad cases among those kept.
    """

    name: str
    outcomes: Callable[[], Outcomes]
    alpha: float = STORED_ALPHA


def table(name: str) -> dict[str, np.ndarray]:
    """The arrays of a stored table.

    Args:
        name: its path in ``tests/data`` without the ending.
    """
    with np.load(DATA / f"{name}.npz") as stored:
        return {key: stored[key] for key in stored.files}


def digits() -> Outcomes:
    """Predictive entropy and wrong classes, of 2,000 digits."""
    stored = table("promises/digits")
    p = stored["p"].astype(float)
    entropy = -(p * np.log(np.maximum(p, 1e-12))).sum(1)
    return entropy, p.argmax(1) != stored["truth"]


def xrays(limit: float) -> Outcomes:
    """Mean radial spread, and a mean radial error of ``limit`` mm or more, of 60 X-rays."""
    stored = table("promises/xrays")
    return stored["spreads"].mean(1), stored["errors"].mean(1) >= limit


def hippocampus(limit: float) -> Outcomes:
    """Spread of the volume over samples, and a mean Dice below ``limit``, of 140 volumes."""
    stored = table("promises/hippocampus")
    place = int(np.searchsorted(stored["thresholds"], 0.5))
    missed = stored["missed"][:, :, place].astype(float)
    excess = stored["excess"][:, :, place].astype(float)
    dice = 2 * (1 - missed) / ((1 - missed) + excess + 1)
    spread = np.log((stored["high"] + 1) / (stored["low"] + 1)).mean(1)
    return spread, dice.mean(1) < limit


def phantom(limit: float) -> Outcomes:
    """Disagreement (1 − pairwise Dice), and a mean Dice below ``limit``, of 124 brain phantoms."""
    stored = table("reviews/phantom")
    measure = stored["mc-dropout/names"].tolist().index("pairwise_dice")
    pairwise = stored["mc-dropout/measures"][:, :, measure].astype(float)
    return 1 - pairwise.mean(1), stored["mc-dropout/dice"].astype(float).mean(1) < limit


def structures(name: str, method: str) -> Iterator[tuple[list[dict[str, float]], np.ndarray]]:
    """The measures of every case, and their Dice ``[n]``, of each structure.

    Args:
        name: of a table in ``tests/data/reviews``.
        method: of the predictions.
    """
    stored = table(f"reviews/{name}")
    measures = stored[f"{method}/names"].tolist()
    dice = stored[f"{method}/dice"].astype(float)
    for index in range(dice.shape[1]):
        rows = stored[f"{method}/measures"][:, index].astype(float).tolist()
        yield [dict(zip(measures, row, strict=True)) for row in rows], dice[:, index]


STORED_REVIEWS = (
    StoredReview(name="digits", outcomes=digits, alpha=0.02),
    StoredReview(name="digits", outcomes=digits, alpha=0.05),
    StoredReview(name="digits", outcomes=digits),
    StoredReview(name="X-rays, 3.5 mm", outcomes=partial(xrays, 3.5)),
    StoredReview(name="X-rays, 3.9 mm", outcomes=partial(xrays, 3.9)),
    StoredReview(name="hippocampus, Dice 0.69", outcomes=partial(hippocampus, 0.69)),
    StoredReview(name="hippocampus, Dice 0.73", outcomes=partial(hippocampus, 0.73)),
    StoredReview(name="hippocampus, Dice 0.78", outcomes=partial(hippocampus, 0.78)),
    StoredReview(name="brain phantom, Dice 0.79", outcomes=partial(phantom, 0.79)),
    StoredReview(name="brain phantom, Dice 0.8", outcomes=partial(phantom, 0.8)),
    StoredReview(name="brain phantom, Dice 0.82", outcomes=partial(phantom, 0.82)),
)
