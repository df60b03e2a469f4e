"""Examples of classification: an image, shares of ten classes, and the true one."""

import numpy as np
import pytest

from tests.conftest import task_settings
from tfuq.workflows.shift.tasks.classification import SHIFTS

CHECK = SHIFTS["classification"].check_example
EXAMPLE = {
    "image": np.zeros((28, 28, 1)),
    "probability": np.full(10, 0.1),
    "votes": np.zeros(10),
    "truth": np.array([9]),
}


def test_arrays_of_these_shapes_are_an_example(tmp_path):
    CHECK(EXAMPLE, task_settings("classification", tmp_path))


@pytest.mark.parametrize(("wrong", "words"), [
    ({"truth": np.array([10])}, "its truth is no class"),
    ({"truth": np.array(3)}, "its truth is no class"),
    ({"votes": np.zeros(9)}, "no image with probabilities of 10 classes"),
    ({"image": np.zeros((28, 28))}, "no image with probabilities"),
])  # fmt: skip
def test_others_are_refused(tmp_path, wrong, words):
    with pytest.raises(ValueError, match=words):
        CHECK(EXAMPLE | wrong, task_settings("classification", tmp_path))


@pytest.mark.parametrize("name", EXAMPLE)
def test_an_example_lacks_nothing(tmp_path, name):
    with pytest.raises(KeyError, match=name):
        CHECK(
            {key: value for key, value in EXAMPLE.items() if key != name},
            task_settings("classification", tmp_path),
        )
