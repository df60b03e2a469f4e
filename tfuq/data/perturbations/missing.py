"""A missing modality: one channel of several."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation


@perturbation(
    "missing-modality",
    "how far the channel fades to its own mean (1: nothing is left of it)",
    high=1,
    takes_channel=True,
    axis="fading of the channel (share)",
)
def missing_modality(
    subject: Subject, severity: float, rng: np.random.Generator, *, channel: int
) -> Subject:
    """The other channels stay as they are."""
    array = subject.image.array.copy()
    array[..., channel] += severity * (array[..., channel].mean() - array[..., channel])
    return subject.with_values(array)
