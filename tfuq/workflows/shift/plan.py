"""What a study of shift is to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tfuq.data.perturbations import PERTURBATIONS
from tfuq.data.readers import stem
from tfuq.scoring.shift import CLEAN


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a study of shift is to do.

    Attributes:
        perturbation: A name in `tfuq.data.perturbations.PERTURBATIONS`.
        severities: The severities in ascending order, in the unit of the perturbation.
        channel: The channel to perturb, from 0 on, of a perturbation that needs one.
        keeps_predictions: Whether predictions are written.
        head: The file of a head's CT, which is turned in place of the test split.
    """

    perturbation: str
    severities: tuple[float, ...]
    channel: int | None = None
    keeps_predictions: bool = False
    head: Path | None = None

    @property
    def name(self) -> str:
        """The name of the study's folder."""
        if self.head is not None:
            return f"{self.perturbation}-{stem(self.head)}"
        if self.channel is not None:
            return f"{self.perturbation}-{self.channel}"
        return self.perturbation

    @property
    def measured(self) -> list[float]:
        """The severities and that of the unperturbed cases, in ascending order."""
        return sorted({CLEAN, *self.severities})

    @property
    def meaning(self) -> str:
        """What is done to the images, and what its severity is, as the title of a figure."""
        if self.head is not None:
            return f"{stem(self.head)}: a head turned about its long axis, seen from the side"
        return f"{self.name}: {PERTURBATIONS[self.perturbation].severity}"

    @property
    def axis(self) -> str:
        """What the severity is, as an axis of a figure has it."""
        if self.head is not None:
            return "turn of the head (°)"
        return PERTURBATIONS[self.perturbation].axis
