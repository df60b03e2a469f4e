"""Elastic distortion.

References:
    Simard, Steinkraus, Platt 2003.
"""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation
from tfuq.data.perturbations.geometry import Movement, elastic_field

_SMOOTHNESS = 0.1  # of the longest side; displacements of up to a quarter of it do not fold


@perturbation(
    "elastic",
    "the displacement's standard deviation in percent of the image's longest side",
    high=20,
)
def elastic(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """Displacements are smooth over a tenth of the longest side.

    Above a severity of about 2.5 the image may fold.
    """
    space = subject.space
    longest = max(space)
    field = elastic_field(rng, space, severity / 100 * longest, _SMOOTHNESS * longest)
    return subject.moved(Movement.linear(space, np.eye(len(space)), field))
