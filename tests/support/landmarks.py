"""Measures and errors of landmarks, some of which are missing."""

import numpy as np


def present(measure, errors):
    return [(m, e) for m, e in zip(measure.ravel(), errors.ravel(), strict=True) if not np.isnan(e)]
