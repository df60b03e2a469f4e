"""What the figures of a predictions folder are plotted from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from tfuq.runs import Run
from tfuq.scoring.evaluation import Scores

NamedFigures = Iterator[tuple[str, Figure]]  # each with its file name without the ending


@dataclass(frozen=True, kw_only=True)
class ScoredFolder:
    """A predictions folder with its scores.

    Attributes:
        path: The predictions folder.
        run: The run that predicted.
        reference: The folder of references, where they are not the data set's own.
        scores: The scores of the predictions.
    """

    path: Path
    run: Run
    reference: Path | None
    scores: Scores
