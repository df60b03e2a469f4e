"""Cases as figures show them."""

import numpy as np

from tfuq.report.slices import CaseArrays


def case_arrays(**changes):
    """A case of 4 × 5 × 6 voxels: the reference is in slice 1, the prediction in slices 1 and 4."""
    truth, label = np.zeros((2, 4, 5, 6), np.uint8)
    truth[1, 1:3, 1] = 1
    label[1, 1:4, 1] = 1
    label[2, 2, 4] = 1
    facts = {
        "id": "c",
        "affine": np.diag([1.0, 1.0, 2.0, 1.0]),
        "image": np.arange(120.0).reshape(4, 5, 6),
        "truth": truth,
        "label": label,
        "maps": {"predictive_entropy": np.full((4, 5, 6), 0.25)},
    }
    return CaseArrays(**(facts | changes))
