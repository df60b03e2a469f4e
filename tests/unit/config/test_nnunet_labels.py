"""The labels of nnU-Net's dataset.json: classes, regions, and the label to ignore."""

from pathlib import Path

import numpy as np
import pytest

from tfuq.config.nnunet_labels import read_labels, whole
from tfuq.errors import DataError

PATH = Path("dataset.json")
BRATS = {"background": 0, "whole_tumor": [1, 2, 3], "tumor_core": [2, 3], "enhancing_tumor": 3}
KITS = {"background": 0, "kidney": [1, 2, 3], "masses": [2, 3], "tumor": 2}


def labels_of(labels, order=None):
    return read_labels(PATH, {"labels": labels, "regions_class_order": order})


def test_labels_are_sorted_by_their_values():
    labels = labels_of({"core": 2, "background": 0, "ball": [1], "ignore": 3})
    assert labels.classes == ("background", "ball", "core")
    assert labels.values == (0, 1, 2)
    assert labels.regions == {}
    assert labels.ignored == 3


def test_values_may_have_gaps():
    assert labels_of({"rest": 0, "a": 205, "b": 420}).values == (0, 205, 420)


@pytest.mark.parametrize(
    ("labels", "order", "classes"),
    [
        (
            BRATS,
            [1, 2, 3],
            ("background", "whole_tumor_rest", "tumor_core_rest", "enhancing_tumor"),
        ),
        (KITS, [1, 3, 2], ("background", "kidney_rest", "tumor", "masses_rest")),
    ],
    ids=["brats", "kits"],
)
def test_regions_are_unions_of_classes_that_exclude_each_other(labels, order, classes):
    """Painting as nnU-Net does gives back every value of a label file, and each region its voxels."""
    read = labels_of(labels, order)
    assert read.classes == classes
    values = np.arange(4)
    painted = np.zeros(4, int)
    regions = {name: np.atleast_1d(of) for name, of in labels.items() if name != "background"}
    for number, members in zip(order, regions.values(), strict=True):
        painted[np.isin(values, members)] = number
    np.testing.assert_array_equal(painted, values)
    for name, members in regions.items():
        if len(members) > 1:
            numbers = [read.values.index(value) for value in members]
            assert read.regions[name] == tuple(sorted(numbers))
        else:
            assert read.values[read.classes.index(name)] == members[0]


def test_a_region_keeps_the_label_to_ignore():
    assert labels_of(BRATS | {"ignore": 4}, [1, 2, 3]).ignored == 4


@pytest.mark.parametrize(
    ("labels", "order", "words"),
    [
        ({"a": 1, "b": 2}, None, "0 of its labels have the value 0"),
        ({"a": 0, "b": 0}, None, "2 of its labels have the value 0"),
        ({"bg": 0, "a": 1, "b": 1}, None, "'a' and 'b' both have the value 1"),
        ({"0": "bg", "1": "a", "2": "a"}, None, "names two labels 'a'"),
        ({"bg": 0, "a": "one"}, None, "label 'a' has 'one'"),
        ({"bg": 0, "a": 1.5}, None, "label 'a' has 1.5"),
        ({"bg": 0, "a": []}, None, r"label 'a' has \[\]"),
        ({"bg": 0, "a": True}, None, "label 'a' has True"),
        ({"bg": 0, "a": -1}, None, "label 'a' has -1"),
        ({"bg": 0, "a": 2, "ignore": 1}, None, r"'ignore' has \[1\], and the others .* up to 2"),
        ({"bg": 0, "a": 1, "ignore": [2, 3]}, None, r"'ignore' has \[2, 3\]"),
        ({"bg": 0, "a": [0, 1]}, [1], "holds the value 0"),
        (BRATS, None, r"has 3 regions .*'regions_class_order' must list a value for each"),
        (BRATS, [1, 2], "'regions_class_order' must list"),
        (BRATS, [3, 2, 1], r"region 'enhancing_tumor' .* values \[3\].* paints it as 1"),
        ({"bg": 0, "a": [1, 3], "b": [2, 3]}, [1, 2], r"'b' .* \[2, 3\].* paints it as 2"),
        ({"bg": 0, "a": 1, "b": [1, 2]}, [1, 2], r"'b' without .* \[1, 2\].* as 2"),
        (None, None, "has no 'labels'"),
        ([], None, "has no 'labels'"),
    ],
)
def test_labels_that_tell_no_classes_are_refused(labels, order, words):
    with pytest.raises(DataError, match=words):
        labels_of(labels, order)


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), ("3", 3), (True, None), (-1, None), (1.0, None), ("x", None), ("9" * 40, None)],
)
def test_whole_numbers_may_be_text(value, number):
    assert whole(value) == number
