"""Detection over cases, of counts written by hand."""

import pytest

from tfuq.scoring.evaluation.lesion_summary import curves, lesion_summary


def counts(case, lesions, found, false, duplicates=0, name="a"):
    return {
        "case": case,
        "class": name,
        "lesions": lesions,
        "found": found,
        "false_positives": false,
        "duplicates": duplicates,
    }


COUNTS = [counts("c", 3, 2, 1), counts("d", 0, 0, 2, 1), counts("e", 1, 1, 0)]
LESIONS = [
    {"case": "c", "class": "a", "detected": 1, "iou": 0.5},
    {"case": "c", "class": "a", "detected": 1, "iou": 0.25},
    {"case": "c", "class": "a", "detected": 0, "iou": 0.0},
    {"case": "e", "class": "a", "detected": 1, "iou": 0.75},
]


def test_lesions_are_pooled_and_false_positives_are_a_scan():
    scores = lesion_summary(COUNTS, LESIONS)["a"]
    assert (scores["scans"], scores["lesions"], scores["found"]) == (3, 4, 3)
    assert (scores["false_positives"], scores["duplicates"]) == (3, 1)
    assert scores["sensitivity"] == 0.75
    assert scores["false_positives_per_scan"] == 1.0
    assert scores["lesion_precision"] == 0.5
    assert scores["lesion_f1"] == pytest.approx(2 * 0.75 * 0.5 / 1.25)
    assert scores["mean_iou"] == 0.5


def test_intervals_are_over_cases():
    scores = lesion_summary(COUNTS, LESIONS)["a"]
    # 1 of 27 samples has the least case alone, and 1 of 27 the worst: both more than 2.5 %.
    assert scores["false_positives_per_scan_lower"] == 0
    assert scores["false_positives_per_scan_upper"] == 2


def test_all_found_is_no_certainty():
    lesions = [{"case": case, "class": "a", "detected": 1, "iou": 1.0} for case in "cde"]
    scores = lesion_summary([counts(case, 1, 1, 0) for case in "cde"], lesions)["a"]
    assert scores["sensitivity"] == 1
    # Of three cases, the exact interval begins where all three are found in 2.5 % of the times.
    assert scores["sensitivity_lower"] == pytest.approx(0.025 ** (1 / 3))
    assert (scores["lesion_f1"], scores["lesion_f1_lower"]) == (1, None)


def test_without_lesions_there_is_no_sensitivity():
    scores = lesion_summary([counts("c", 0, 0, 0)], [])["a"]
    names = ("sensitivity", "lesion_f1", "lesion_precision", "mean_iou")
    assert [scores[name] for name in names] == [None] * 4
    assert scores["false_positives_per_scan"] == 0
    assert curves([], {"a": scores}) == []


def test_a_curve_for_each_confidence_that_there_is():
    candidates = [
        {"class": "a", "lesion": 1, "false_positive": 0, "detection_frequency": 1.0},
        {"class": "a", "lesion": None, "false_positive": 1, "detection_frequency": 0.5},
        {"class": "a", "lesion": None, "false_positive": 0, "detection_frequency": 0.5},
    ]
    rows = curves(candidates, {"a": {"lesions": 2, "scans": 4}})
    assert {(row["class"], row["confidence"]) for row in rows} == {("a", "detection_frequency")}
    points = [(row["sensitivity"], row["false_positives_per_scan"]) for row in rows]
    assert points == [(0.5, 0.0), (0.5, 0.25)]
