"""Examples of landmarks: an image, nineteen landmarks, and samples of them."""

import numpy as np
import pytest

from tests.conftest import task_settings
from tfuq.workflows.shift.tasks.landmarks import SHIFTS

CHECK = SHIFTS["landmarks"].check_example
EXAMPLE = {
    "image": np.zeros((32, 32, 1)),
    "points": np.full((19, 2), np.nan),
    "found": np.zeros((4, 19, 2)),
}


def test_arrays_of_these_shapes_are_an_example(tmp_path):
    CHECK(EXAMPLE, task_settings("landmarks", tmp_path))


@pytest.mark.parametrize(("wrong", "words"), [
    ({"image": np.zeros((32, 32))}, "no image with 19 landmarks"),
    ({"points": np.zeros((18, 2))}, "no image with 19 landmarks"),
    ({"found": np.zeros((19, 2))}, "no samples of 19 landmarks"),
    ({"found": np.zeros((4, 19, 3))}, "no samples of 19 landmarks"),
])  # fmt: skip
def test_others_are_refused(tmp_path, wrong, words):
    with pytest.raises(ValueError, match=words):
        CHECK(EXAMPLE | wrong, task_settings("landmarks", tmp_path))


@pytest.mark.parametrize("name", EXAMPLE)
def test_an_example_lacks_nothing(tmp_path, name):
    with pytest.raises(KeyError, match=name):
        CHECK(
            {key: value for key, value in EXAMPLE.items() if key != name},
            task_settings("landmarks", tmp_path),
        )
