"""Examples of segmentation: planes of one shape, and how they lie in the scan."""

import numpy as np
import pytest

from tests.conftest import settings
from tfuq.workflows.shift.tasks.segmentation import SHIFTS

CHECK = SHIFTS["segmentation"].check_example
EXAMPLE = {
    "image": np.zeros((5, 6)),
    "truth": np.zeros((5, 6)),
    "label": np.zeros((5, 6)),
    "affine": np.eye(4),
    "axis": np.array(2),
}


def test_arrays_of_these_shapes_are_an_example(tmp_path):
    CHECK(EXAMPLE, settings(tmp_path))


@pytest.mark.parametrize(("wrong", "words"), [
    ({"axis": np.array(3)}, "its axis is none"),
    ({"axis": np.array([2])}, "its axis is none"),
    ({"label": np.zeros((6, 5))}, "'label' is no plane of the image"),
    ({"mutual_information": np.zeros(5)}, "'mutual_information' is no plane of the image"),
    ({"image": np.zeros(5), "truth": np.zeros(5), "label": np.zeros(5)}, "'image' is no plane"),
])  # fmt: skip
def test_others_are_refused(tmp_path, wrong, words):
    with pytest.raises(ValueError, match=words):
        CHECK(EXAMPLE | wrong, settings(tmp_path))


@pytest.mark.parametrize("name", EXAMPLE)
def test_an_example_lacks_nothing(tmp_path, name):
    with pytest.raises(KeyError, match=name):
        CHECK({key: value for key, value in EXAMPLE.items() if key != name}, settings(tmp_path))
