"""Segmentation: the doctor asks about the slices or the patch of the first test case."""

import numpy as np
import pytest

from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.workflows.doctor.tasks.segmentation import CHECKS


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({}, (1, 18, 17, 16, 1)),  # 15 voxels, padded to the patch
        ({"rank": 2}, (15, 18, 17, 1)),
    ],
)
def test_the_first_test_case_is_as_the_network_takes_it(balls, tmp_path, changes, shape):
    run = make_finished_run(tmp_path / "run", "segmentation", balls, **changes)
    examples = CHECKS["segmentation"].examples(make_given_predictor(run))
    assert examples.shape == shape
    assert examples.flags["C_CONTIGUOUS"]
    seen = examples[0, ..., :15, 0] if len(shape) == 5 else examples
    assert seen.mean() == pytest.approx(0, abs=0.1)  # z-scored
    assert np.isfinite(examples).all()
