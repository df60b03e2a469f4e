"""How a predicted label and its reference agree, voxel by voxel."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap

from tfuq.data.preprocessing import PADDING
from tfuq.report.plotting import GREEN, PURPLE, VERMILION, YELLOW

# Of a voxel in which a structure is predicted or true.
AGREEMENTS = ("TP", "FP", "FN", "other")
AGREEMENT_COLOURS = ListedColormap([GREEN, YELLOW, VERMILION, PURPLE])


def agreement(label: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How prediction and reference agree, as numbers of `AGREEMENTS`.

    Args:
        label: Predicted classes.
        truth: True classes, `PADDING` where nothing is known.

    Returns:
        Of the same shape: 0 where the structure is right, 1 where there is none, 2 where one is
        missed, and 3 where it is another. Masked where neither has one, or nothing is known.
    """
    is_predicted = label > 0
    is_true = truth > 0
    kinds = np.select([label == truth, ~is_true, ~is_predicted], [0, 1, 2], 3)
    is_empty = ~(is_predicted | is_true) | (truth == PADDING)
    return np.ma.masked_array(kinds, is_empty)
