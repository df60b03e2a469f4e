"""Fingerprints of data sets that need not be there, and trials that nobody made."""

from __future__ import annotations

import numpy as np

from tfuq.workflows.plan.fingerprint import Fingerprint
from tfuq.workflows.plan.trial import Trial


def fingerprint(shape=(48, 64, 48), spacing=(1.0, 1.0, 1.0), **changes) -> Fingerprint:
    """Of two cases alike, but for the changes."""
    facts = {
        "cases": 100,
        "shapes": np.array([shape, shape]),
        "spacings": np.array([spacing, spacing]),
        "channels": 1,
        "is_picture": False,
        "orientation": "RAS",
        "quantiles": np.array([[10.0, 90.0]]),
        "lowest": 0.0,
        "class_shares": (0.9, 0.1),
        "present": {},
    }
    return Fingerprint(**(facts | changes))


def made_trial(**changes) -> Trial:
    """Whose step takes a second and a gigabyte on a CPU, but for the changes."""
    facts = {
        "memory": 2**30,
        "start": 20.0,
        "reading": 0.5,
        "step": 1.0,
        "validation": 1.0,
        "examples": 1.0,
        "is_on_gpu": False,
    }
    return Trial(**(facts | changes))
