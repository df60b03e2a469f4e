"""Elastic distortion.

References:
    Simard, Steinkraus, Platt 2003, Best practices for convolutional neural networks.
    Drevický & Kodym 2020, Evaluating deep learning uncertainty measures in cephalometric landmark
    localization.
"""

from __future__ import annotations

import math

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation
from tfuq.data.perturbations.geometry import Movement, elastic_field

_SMOOTHNESS = 0.1  # of the longest side; displacements of up to a quarter of it do not fold
_PUBLISHED_SIDE = 128  # pixels of the published pictures


@perturbation(
    "elastic",
    "the displacement's standard deviation in percent of the image's longest side",
    high=20,
    axis="displacement (% of the longest side)",
)
def elastic(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Displacements are smooth over a tenth of the longest side.

    Above a severity of about 2.5 the image may fold.
    """
    space = subject.space
    longest = max(space)
    field = elastic_field(rng, space, severity / 100 * longest, _SMOOTHNESS * longest)
    return subject.moved(Movement.linear(space, np.eye(len(space)), field))


def percent_of_magnitude(magnitude: float) -> float:
    """The severity of `elastic` that a published magnitude is.

    Simard et al. draw a number between −1 and 1 for each pixel, whose standard deviation is 1 / √3,
    smooth them by a Gaussian of σ pixels, which divides it by 2 √π σ, and multiply them by the
    magnitude, in pixels. The published σ is not stated: it is that of `elastic` here, 12.8 pixels
    of 128. A magnitude of 200 is then 1.99 %.
    """
    sigma = _SMOOTHNESS * _PUBLISHED_SIDE
    pixels = magnitude / math.sqrt(3) / (2 * math.sqrt(math.pi) * sigma)
    return 100 * pixels / _PUBLISHED_SIDE


@perturbation(
    "elastic-magnitude",
    "the magnitude of Drevický & Kodym 2020, of which 200 is 1.99 % of elastic",
    high=2000,
    axis="magnitude of the distortion",
)
def elastic_magnitude(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """`elastic` in the published unit."""
    return elastic(subject, percent_of_magnitude(severity), rng)
