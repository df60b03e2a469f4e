"""Perturbations of a case as the network sees it.

Each is a function of the case, a severity and a seed. Images change after preprocessing, on the
network's own grid; labels and landmarks move with them. Severity 0 leaves everything as it is, to
the bit. ``PERTURBATIONS[name].severity`` says what a severity means, and in which unit.
"""

from __future__ import annotations

from tfuq.data.perturbations import (  # noqa: F401  each enters itself
    bias,
    blur,
    contrast,
    downsampling,
    elastic,
    ghosting,
    missing,
    noise,
    occlusion,
    rician,
    rotation,
    scaling,
)
from tfuq.data.perturbations.base import (
    PERTURBATIONS,
    Perturbation,
    Subject,
    case_seed,
    checked_channel,
    perturb,
)
from tfuq.data.perturbations.severities import parse_severities

__all__ = [
    "PERTURBATIONS",
    "Perturbation",
    "Subject",
    "case_seed",
    "checked_channel",
    "parse_severities",
    "perturb",
]
