"""Ghosts, as of periodic motion during an acquisition: every fourth line of the spectrum along one axis is weakened."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation

_PERIOD = 4
_CENTRE = 0.02  # share of the spectrum, from its middle on, that stays: it holds the image's contrast


@perturbation("ghosting", "the share by which the lines are weakened", high=1)
def ghosting(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """The seed chooses the axis among those in plane."""
    axis = int(rng.choice([a for a in range(3) if a != subject.axis]))
    array = subject.image.array
    size = array.shape[axis]
    lines = np.rint(np.fft.fftfreq(size) * size).astype(int)
    weak = (lines % _PERIOD == 0) & (np.abs(lines) > _CENTRE * size)
    weights = np.where(weak, 1 - severity, 1.0).reshape([-1 if a == axis else 1 for a in range(4)])
    return subject.with_values(np.fft.ifft(np.fft.fft(array, axis=axis) * weights, axis=axis).real)
