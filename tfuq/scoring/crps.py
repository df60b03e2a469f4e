"""The continuous ranked probability score (CRPS) of samples of a number."""

from __future__ import annotations

import numpy as np


def crps(samples: np.ndarray, observed: float) -> float:
    """E|s − y| − ½·E|s − s'|, how far samples lie from what was observed.

    The second mean is over pairs of different samples. So methods of different T can be compared:
    on average it is the score of very many samples, where the plain score falls as T grows. It can
    be below 0 for a single observation. Of one sample, it is the absolute error.

    Args:
        samples: T numbers, ``[T]``.
        observed: the number that they are to tell.

    References:
        Gneiting & Raftery 2007, Journal of the American Statistical Association 102(477).
        Ferro 2014, Quarterly Journal of the Royal Meteorological Society 140 (fair scores).
    """
    error = float(np.abs(samples - observed).mean())
    count = len(samples)
    if count == 1:
        return error
    # In order, the k-th number has k smaller and count − 1 − k larger ones.
    weights = 2 * np.arange(count) - count + 1
    differences = float(weights @ np.sort(samples))
    return error - differences / (count * (count - 1))
