"""A bias field, as a receiver coil's: intensities multiplied by a smooth factor.

References:
    Van Leemput, Maes, Vandermeulen, Suetens 1999.
"""

from __future__ import annotations

import itertools

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation
from tfuq.data.perturbations.intensities import above_floor

_DEGREE = 3


@perturbation(
    "bias",
    "the largest logarithm of the factor (0.5: between 0.61 and 1.65)",
    high=3,
    axis="logarithm of the largest factor",
)
def bias(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Each channel's smallest value counts as no signal and stays."""
    signal, floor = above_floor(subject.image.array)
    logarithm = severity * _polynomial(subject.image.shape, rng)
    return subject.with_values(signal * np.exp(logarithm)[..., None] + floor)


def _polynomial(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A random polynomial of degree 3 over the image, whose largest absolute value is 1."""
    positions = np.meshgrid(*map(_positions, shape), indexing="ij")
    field = np.zeros(shape)
    for powers in itertools.product(range(_DEGREE + 1), repeat=3):
        if 0 < sum(powers) <= _DEGREE:
            factors = [axis**power for axis, power in zip(positions, powers, strict=True)]
            field += rng.normal() * np.prod(factors, axis=0)
    return field / (np.abs(field).max() or 1.0)


def _positions(size: int) -> np.ndarray:
    """Positions from -1 to 1 along an axis; 0 where there is one."""
    if size == 1:
        return np.zeros(1)
    return np.linspace(-1, 1, size)
