"""What the reports of all cases tell about a data set."""

from dataclasses import replace

import pytest

from tests.conftest import settings, task_settings
from tfuq.data.checks.integrity import CaseReport
from tfuq.data.checks.remarks import absent_classes, remarks
from tfuq.data.class_voxels import ClassVoxels
from tfuq.data.units import PLAIN_IMAGE, SCAN, SIZED_IMAGE

GOOD = CaseReport(
    id="a", part="train", problem="", shape=(9, 9, 9), spacing=(1.0, 1.0, 2.0), channels=1, intensities=((0.0, 90.0),),
    orientation="RAS", class_volumes=(5.0, 1.0, 0.1), digest="a")  # fmt: skip
VOXELS = ClassVoxels(
    case="a", own=(9, 8, 8), network=(9, 8, 8), own_shape=(9, 9, 9), own_spacing=(1.0, 1.0, 1.0),
    network_spacing=(1.0, 1.0, 1.0))  # fmt: skip
RATERS = {"layout": "folder", "rater_folders": "r*"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"orientation": "LPS"}, "orientations differ: RAS (3), LPS (1)"),
        (
            {"spacing": (1.0, 1.0, 3.0)},
            "from 1×1×2 to 1×1×3 mm; set preprocessing.spacing, as in [1.0, 1.0, 2.0]",
        ),
        ({"intensities": ((0.0, 2700.0),)}, "differ 30-fold"),
        ({"is_placed": False}, "d: qform and sform have code 0"),
        ({"apart": 3.2}, "d: qform and sform put voxels up to 3.2 mm apart; the sform is taken"),
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
    absent = replace(GOOD, class_voxels=replace(VOXELS, own=(9, 5, 0), network=(9, 5, 0)))
    assert absent_classes(config, [replace(GOOD, class_voxels=VOXELS)]) == []
    (line,) = absent_classes(config, [absent, replace(GOOD, class_voxels=VOXELS, part="test")])
    assert "class 'core' has no voxel in any training case" in line


def test_a_class_that_no_training_image_has_is_a_problem(digits):
    config = task_settings("classification", digits)
    image = replace(GOOD, class_volumes=(1.0,) * 9 + (0.0,))
    (line,) = absent_classes(config, [image])
    assert "class '9' has no image in any training case" in line


def test_a_class_that_the_network_s_grid_takes_away_is_a_problem_and_a_remark(tmp_path):
    config = settings(tmp_path, preprocessing={"spacing": [2.0, 2.0, 2.0]})
    gone = replace(VOXELS, network=(1, 1, 0), network_spacing=(2.0, 2.0, 2.0))
    reports = [replace(GOOD, class_voxels=gone)]
    (line,) = absent_classes(config, reports)
    assert "class 'core' has 8 voxel(s) in the training labels and none on the network" in line
    (remark,) = remarks(config, reports)
    assert "'core' vanishes in 1 of 1 case(s) (a): voxels of 1×1×1 become 2×2×2 in a" in remark


def test_cases_without_a_structure_are_remarked_and_counted(tmp_path):
    healthy = replace(GOOD, id="h", class_volumes=(6.0, 0.0, 0.0))
    (line,) = remarks(settings(tmp_path), [GOOD, healthy, replace(healthy, id="i")])
    assert line.startswith("2 of 3 labelled case(s) have no voxel of any foreground class (h and 1")


def test_doubts_of_headers_are_told_once(tmp_path):
    doubtful = [replace(GOOD, id=name, doubt="it is odd") for name in "abc"]
    assert remarks(settings(tmp_path), doubtful) == ["a and 2 more: it is odd"]


def test_nothing_is_remarked_of_cases_that_cannot_be_used(tmp_path):
    assert remarks(settings(tmp_path), [replace(GOOD, problem="unreadable")]) == []


def test_a_rater_who_left_cases_out_is_named(tmp_path):
    reports = [replace(GOOD, id=name, raters=("r1", "r2", "r3")) for name in "ab"]
    reports += [replace(GOOD, id=name, raters=("r1", "r2", "r4")) for name in "cd"]
    lines = remarks(settings(tmp_path), reports)
    assert lines == [
        "r3 has not labelled c and 1 more; the other raters serve there",
        "r4 has not labelled a and 1 more; the other raters serve there",
    ]


@pytest.mark.parametrize(("chosen", "count"), [("majority", 1), ("random", 0), ("r1", 0)])
def test_the_majority_of_two_raters_is_remarked(tmp_path, chosen, count):
    config = settings(tmp_path, data=RATERS | {"train_on": chosen})
    lines = remarks(config, [replace(GOOD, raters=("r1", "r2"))])
    assert len([line for line in lines if "1 case(s) have two raters" in line]) == count


@pytest.mark.parametrize(
    ("units", "pixel_mm", "words"),
    [
        ((PLAIN_IMAGE, SCAN), None, "some cases are plain images"),
        ((SCAN, SCAN), 0.5, "data.pixel_mm has no effect"),
        ((PLAIN_IMAGE, PLAIN_IMAGE), None, None),
        ((SIZED_IMAGE, SCAN), 0.5, None),
    ],
)
def test_units_that_differ_or_have_no_effect_are_remarked(tmp_path, units, pixel_mm, words):
    config = settings(tmp_path, data={"pixel_mm": pixel_mm})
    lines = remarks(config, [replace(GOOD, unit=unit) for unit in units])
    assert len(lines) == (words is not None)
    assert all(words in line for line in lines)
