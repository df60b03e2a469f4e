"""Predicted landmarks beside those of the data set."""

import numpy as np
import pytest

from tests.support.score_requests import request_of
from tfuq.data.sets.landmarks import reference_points
from tfuq.scoring.evaluation.landmark_errors import ComparedLandmarks, compare_landmarks
from tfuq.scoring.evaluation.landmark_table import read_predictions
from tfuq.scoring.evaluation.references import referenced_cases


def compared(scale, mm):
    return ComparedLandmarks(
        predicted=read_only_ids(["a", "b"]),
        truth=np.zeros((2, 1, 2)),
        sizes={"a": (30, 40), "b": (60, 80)},
        scale=scale,
        pixels=np.array([[1.0], [2.0]]),
        mm=mm,
    )


def read_only_ids(ids):
    from tfuq.scoring.evaluation.landmark_table import PredictedLandmarks

    return PredictedLandmarks(
        ids=ids, positions=np.zeros((len(ids), 1, 2)), measures={}, radii=None, covariances=None
    )


def test_errors_and_diagonals_are_in_mm_where_pixels_have_a_size():
    known = compared([np.array([0.5, 0.5])] * 2, np.array([[0.5], [1.0]]))
    assert known.in_mm
    assert known.errors.tolist() == [[0.5], [1.0]]
    assert known.diagonals() == pytest.approx([25.0, 50.0])
    unknown = compared([None, None], None)
    assert not unknown.in_mm
    assert unknown.errors.tolist() == [[1.0], [2.0]]
    assert unknown.diagonals() == pytest.approx([50.0, 100.0])


def test_errors_are_distances_from_the_references(scored_tasks):
    request = request_of(scored_tasks["landmarks"][0])
    predicted = read_predictions(request.folder, request.config.data.landmarks)
    cases = referenced_cases(request.manifest, request.config, None)
    found = compare_landmarks(request.config, predicted, cases)
    case = cases[predicted.ids[1]]
    truth = reference_points(request.config, case, found.sizes[case.id])
    away = predicted.positions[1] - truth
    np.testing.assert_allclose(found.pixels[1], np.hypot(*away.T))
    np.testing.assert_allclose(found.mm[1], np.hypot(*(away * found.scale[1]).T))
