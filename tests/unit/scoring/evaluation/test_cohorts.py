"""Items with what failed and how certain they were."""

import numpy as np
import pytest

from tfuq.errors import DataError
from tfuq.measures.catalogue import MEASURES
from tfuq.scoring.evaluation.cohorts import (
    classification_cohort,
    landmark_cohorts,
    segmentation_cohorts,
    unsigned,
)
from tfuq.scoring.evaluation.failures import FailureOptions


def structure(case, name, dice, component="all", **measures):
    return {"case": case, "class": name, "component": component, "dice": dice, **measures}


def test_segmentation_has_cases_structures_and_components():
    cases = [
        {"case": "c", "class": "all", "dice": 0.8, "image_predictive_entropy": 0.5},
        {"case": "d", "class": "all", "dice": 0.3, "image_predictive_entropy": 0.7},
        {"case": "d", "class": "a", "dice": 0.3},
    ]
    structures = [
        structure("c", "a", 0.9, pairwise_dice=0.6),
        structure("c", "b", 0.7, pairwise_dice=0.8),
        structure("d", "a", 0.3, pairwise_dice=None),
        structure("d", "a", 0.3, "1", pairwise_dice=0.1),
    ]
    components = [
        {"case": "c", "class": "a", "component": 1, "false_positive": 1, "predictive_entropy": 0.4}
    ]
    found = segmentation_cohorts(cases, structures, components, FailureOptions(limit=0.7))
    by_level = {cohort.level: cohort for cohort in found}
    assert list(by_level) == ["case", "structure a", "structure b", "component"]
    np.testing.assert_allclose(by_level["case"].risk, [0.2, 0.7])
    np.testing.assert_array_equal(by_level["case"].failed, [False, True])
    np.testing.assert_allclose(by_level["case"].confidences["pairwise_dice"], [0.7, np.nan])
    np.testing.assert_allclose(
        by_level["case"].confidences["image_predictive_entropy"], [-0.5, -0.7]
    )
    assert by_level["structure b"].failed.tolist() == [False]  # a Dice at the limit
    assert by_level["component"].failed.tolist() == [True]
    np.testing.assert_array_equal(by_level["component"].confidences["predictive_entropy"], [-0.4])


@pytest.mark.parametrize("are_asked_for", [False, True])
def test_numbers_on_request_are_ranked_where_they_were_asked_for(are_asked_for):
    of_image, of_structure = {}, {}
    if are_asked_for:
        of_image = {"image_top_mutual_information": 0.2}
        of_structure = {"top_mutual_information": 0.3, "learned_dice": 0.8}
    cases = [{"case": "c", "class": "all", "dice": 0.9, **of_image}]
    structures = [structure("c", "a", 0.9, pairwise_dice=0.6, **of_structure)]
    by_case, of_a, _ = segmentation_cohorts(cases, structures, [], FailureOptions())
    on_request = {name for name in of_a.confidences if MEASURES[name].is_on_request}
    assert on_request == set(of_structure)
    on_request = {name for name in by_case.confidences if MEASURES[name].is_on_request}
    assert on_request == {*of_image, *of_structure}


def test_the_tables_measures_come_back():
    p = np.array([[0.9, 0.1], [0.4, 0.6]])
    measures = {"predictive_entropy": np.array([0.3, 0.6])}
    cohort = classification_cohort(["a", "b"], p, np.array([False, True]), measures)
    np.testing.assert_array_equal(cohort.confidences["maximum_probability"], [0.9, 0.6])
    np.testing.assert_array_equal(cohort.confidences["predictive_entropy"], [-0.3, -0.6])
    np.testing.assert_array_equal(cohort.risk, [0, 1])
    np.testing.assert_array_equal(unsigned(cohort)["predictive_entropy"], [0.3, 0.6])
    np.testing.assert_array_equal(unsigned(cohort)["maximum_probability"], [0.9, 0.6])


@pytest.mark.parametrize(("limit", "at"), [(None, 4.0), (2.5, 2.5)])
def test_missing_landmarks_and_cases_without_any_are_left_out(limit, at):
    errors = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, 6.0]])
    measures = {"variance": np.arange(6.0).reshape(3, 2)}
    options = FailureOptions(limit=limit)
    cases, landmarks = landmark_cohorts(["a", "b", "c"], errors, measures, options, 4.0)
    np.testing.assert_array_equal(landmarks.risk, [1, 3, 6])
    np.testing.assert_array_equal(landmarks.failed, np.array([1, 3, 6]) >= at)
    np.testing.assert_array_equal(landmarks.cases, ["a", "c", "c"])
    np.testing.assert_array_equal(landmarks.confidences["variance"], [0, -4, -5])
    np.testing.assert_array_equal(cases.cases, ["a", "c"])
    np.testing.assert_array_equal(cases.risk, [1, 4.5])
    np.testing.assert_array_equal(cases.confidences["variance"], [-0.5, -4.5])


def test_a_dice_above_one_is_refused_as_a_limit():
    with pytest.raises(DataError, match=r"--failure-at 1.5: no Dice is above 1"):
        segmentation_cohorts([], [], [], FailureOptions(limit=1.5))
