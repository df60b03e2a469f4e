"""Ghosts, as of periodic motion during an acquisition.

Every fourth line of the spectrum along one axis is weakened.
"""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation

_PERIOD = 4
_CENTRE = 0.02  # share of the spectrum, from its middle on, that stays: it holds the contrast


@perturbation(
    "ghosting",
    "the share by which the lines are weakened",
    high=1,
    axis="weakening of lines (share)",
)
def ghosting(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """The seed chooses the axis among those in plane."""
    in_plane = [axis for axis in range(3) if axis != subject.axis]
    axis = int(rng.choice(in_plane))
    array = subject.image.array
    shape = [1, 1, 1, 1]
    shape[axis] = -1
    weights = _weights(array.shape[axis], severity).reshape(shape)
    spectrum = np.fft.fft(array, axis=axis)
    weakened = np.fft.ifft(spectrum * weights, axis=axis)
    return subject.with_values(weakened.real)


def _weights(size: int, severity: float) -> np.ndarray:
    """The weight of each line of a spectrum."""
    lines = np.rint(np.fft.fftfreq(size) * size).astype(int)
    is_periodic = lines % _PERIOD == 0
    is_central = np.abs(lines) <= _CENTRE * size
    is_weak = is_periodic & ~is_central
    return np.where(is_weak, 1 - severity, 1.0)
