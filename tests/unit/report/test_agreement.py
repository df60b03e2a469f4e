"""How a prediction and its reference agree."""

import numpy as np

from tfuq.data.preprocessing import PADDING
from tfuq.report.agreement import AGREEMENTS, agreement


def test_each_voxel_of_a_structure_is_of_one_kind():
    label = np.array([0, 1, 2, 1, 0, 1, 1])
    truth = np.array([0, 1, 2, 0, 1, 2, PADDING])
    kinds = agreement(label, truth)
    named = [None if kind is np.ma.masked else AGREEMENTS[kind] for kind in kinds]
    assert named == [None, "TP", "TP", "FP", "FN", "other", None]
