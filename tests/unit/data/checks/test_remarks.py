"""What the reports of all cases tell about a data set."""

from dataclasses import replace

import pytest

from tests.conftest import settings
from tfuq.data.checks import CaseReport, absent_classes, remarks

GOOD = CaseReport(
    id="a", part="train", problem="", shape=(9, 9, 9), spacing=(1.0, 1.0, 2.0), channels=1, intensities=((0.0, 90.0),),
    orientation="RAS", class_volumes=(5.0, 1.0, 0.1), digest="a")  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"orientation": "LPS"}, "orientations differ: RAS (3), LPS (1)"),
        (
            {"spacing": (1.0, 1.0, 3.0)},
            "from 1×1×2 to 1×1×3 mm; set preprocessing.spacing, as in [1.0, 1.0, 2.0]",
        ),
        ({"intensities": ((0.0, 2700.0),)}, "differ 30-fold"),
        ({"class_volumes": (5.0, 0.1, 0.1)}, "d: 'ball' measures 0.1 where the median is 1"),
        ({"class_volumes": (5.0, 1.0, 0.6)}, "d: 'core' measures 0.6 where the median is 0.1"),
    ],
)
def test_remarks_on_what_differs(tmp_path, change, words):
    config = settings(tmp_path, preprocessing={"normalization": "none"})
    same = [replace(GOOD, id=name) for name in "abc"]
    assert remarks(config, [*same, replace(GOOD, id="d")]) == []
    (found,) = remarks(config, [*same, replace(GOOD, id="d", **change)])
    assert words in found
    assert remarks(config, [*same, replace(GOOD, id="d", problem="unreadable", **change)]) == []


def test_remarks_end_where_the_configuration_takes_care(tmp_path):
    other = replace(GOOD, spacing=(1.0, 1.0, 3.0), intensities=((0.0, 2700.0),))
    config = settings(
        tmp_path, preprocessing={"normalization": "zscore", "spacing": [1.0, 1.0, 2.0]}
    )
    assert remarks(config, [GOOD, other]) == []


def test_a_class_that_no_training_case_has_is_a_problem(tmp_path):
    config = settings(tmp_path)
    assert absent_classes(config, [GOOD]) == []
    (found,) = absent_classes(
        config, [replace(GOOD, class_volumes=(5.0, 1.0, 0.0)), replace(GOOD, part="test")]
    )
    assert "class 'core' has no voxel in any training case" in found
