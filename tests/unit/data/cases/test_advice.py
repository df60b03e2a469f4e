"""What is said of a label whose values are of no class."""

from pathlib import Path

import numpy as np
import pytest

from tfuq.data.cases.advice import label_remedy, proposed_values, value_text


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), (5.0, "5"), (2**24 + 1, "16777217"), (0.9999, "0.9999")]
)
def test_whole_numbers_have_all_their_digits(value, text):
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("values", "declared", "classes", "proposed"),
    [
        ([0, 255], {0: 0, 1: 1}, 2, "{0: 0, 255: 1}"),
        ([0, 10, 150, 250], {k: k for k in range(4)}, 4, "{0: 0, 10: 1, 150: 2, 250: 3}"),
        ([0, 1, 2, 5], {k: k for k in range(3)}, 3, "{0: 0, 1: 1, 2: 2, 5: 1}"),
        ([-1, 0, 1], {0: 0, 1: 1}, 2, "{0: 0, 1: 1, -1: 1}"),
        ([*range(41)], {0: 0, 1: 1}, 2, "{0: 0, 1: 1, 2-40: 1}"),
        ([*range(41)], {0: 0, "9-20": 1}, 2, "{0: 0, 9-20: 1, 1-8: 1, 21-40: 1}"),
    ],
)
def test_values_are_proposed_for_all_of_a_file(values, declared, classes, proposed):
    assert proposed_values(values, declared, classes) == proposed


@pytest.mark.parametrize(
    ("name", "values", "classes", "words"),
    [
        ("a.jpg", [0, 3, 251], 2, "data.label_values: {0-127: 0, 128-255: 1}"),
        ("a.png", [*range(0, 255, 10)], 2, "data.label_values: {0-127: 0, 128-255: 1}"),
        ("a.jpg", [0, 3, 251], 3, "save it as PNG"),
        ("a.nii", [*range(0, 255, 10)], 2, "{0: 0, 1: 1, 10-250: 1}"),
        ("a.nii", [0, 0.9998], 2, "data.label_tolerance: 0.001"),
        ("a.nii", [0, 0.99995, 2], 2, "data.label_tolerance: 0.0001"),
        ("a.nii", [0, 0.5], 2, "resample the label by nearest neighbours"),
    ],
)
def test_what_to_do_follows_from_the_kind_of_file(name, values, classes, words):
    declared = {value: value for value in range(classes)}
    assert words in label_remedy(Path(name), np.array(values), declared, classes)
