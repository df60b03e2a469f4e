"""Scaling about the centre."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation
from tfuq.data.perturbations.geometry import Movement


@perturbation(
    "scaling",
    "how much longer everything gets, relative to what it is (0.1: 1.1 times as long)",
    low=-0.9,
    high=9,
    axis="growth of lengths (share)",
)
def scaling(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Alike along every axis."""
    matrix = np.eye(len(subject.space)) / (1 + severity)
    return subject.moved(Movement.linear(subject.space, matrix))
