"""Fingerprints of data sets that need not be there."""

from __future__ import annotations

import numpy as np

from tfuq.workflows.plan.fingerprint import Fingerprint


def fingerprint(shape=(48, 64, 48), spacing=(1.0, 1.0, 1.0), **changes) -> Fingerprint:
    """Of two cases alike, but for the changes."""
    facts = {
        "cases": 100,
        "shapes": np.array([shape, shape]),
        "spacings": np.array([spacing, spacing]),
        "channels": 1,
        "is_picture": False,
        "quantiles": np.array([[10.0, 90.0]]),
        "lowest": 0.0,
        "class_shares": (0.9, 0.1),
        "present": {},
    }
    return Fingerprint(**(facts | changes))
