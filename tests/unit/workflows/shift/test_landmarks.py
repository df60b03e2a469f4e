"""Perturbed pictures with landmarks."""

import numpy as np
import pytest

from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.data.cases import read_case_image
from tfuq.data.sets.landmarks import pixel_mm, reference_points, rescale_points
from tfuq.prediction import cases_of_test_split
from tfuq.workflows.shift.landmarks import LandmarkMeasurer, _inside
from tfuq.workflows.shift.plan import Plan


def test_a_landmark_beyond_the_edge_is_missing():
    """Of 4 rows and 10 columns; the edge lies half a pixel beyond the last centre."""
    points = np.array([[-0.5, -0.5], [9.5, 3.5], [9.6, 0], [0, 3.6], [-0.6, 0], [3, 9]])
    found = _inside(points, (4, 10))
    np.testing.assert_array_equal(found[:2], points[:2])
    assert np.isnan(found[2:]).all()


@pytest.fixture
def measurer(heads, tmp_path):
    """Two heads, whose landmarks are predicted 5 and 10 pixels of the image away."""
    run = make_finished_run(tmp_path / "run", "landmarks", heads)
    drawn = []
    for case, times in zip(cases_of_test_split(run)[:2], (1, 2), strict=True):
        size = read_case_image(case).shape[:2]
        points = reference_points(run.config, case, size) + times * np.array([3.0, 4.0])
        patch = rescale_points(points, size, (32, 32))
        drawn.append(np.concatenate([patch, np.ones((len(patch), 1))], -1))
    samples = np.repeat(np.array(drawn)[:, None], 4, 1)
    predictor = make_given_predictor(run, lambda *_: {"landmarks": samples})
    return LandmarkMeasurer(predictor, Plan(perturbation="rotation", severities=(90.0,)))


def test_errors_are_in_millimetres_of_the_image_as_given(measurer):
    cases = cases_of_test_split(measurer.predictor.run)[:2]
    found = measurer.measure(cases, 0.0, None)
    mm = pixel_mm(measurer.config, read_case_image(cases[0]).shape[:2])
    near = np.hypot(3 * mm[0], 4 * mm[1])
    rows = [row["radial_error_mm"] for row in found.rows]
    assert rows == pytest.approx([near, 2 * near], rel=1e-5)
    assert found.scores == {"radial_error_mm": pytest.approx(1.5 * near, rel=1e-5)}
    assert found.example["points"].shape == (19, 2)
    assert found.example["found"].shape == (4, 19, 2)


def test_landmarks_that_are_turned_out_of_the_image_count_for_nothing(measurer):
    cases = cases_of_test_split(measurer.predictor.run)[:2]
    found = measurer.measure(cases, 45.0, None)
    moved = measurer.perturbed(cases[0], 45.0).points
    outside = ((moved < -0.5) | (moved > 31.5)).any(-1)
    np.testing.assert_array_equal(np.isnan(found.example["points"]).all(-1), outside)
    assert np.isfinite(found.scores["radial_error_mm"])


def test_spreads_are_also_in_millimetres_and_ranked_once(heads, tmp_path):
    run = make_finished_run(tmp_path / "run", "landmarks", heads)
    measurer = LandmarkMeasurer(
        make_given_predictor(run), Plan(perturbation="rotation", severities=(90.0,))
    )
    cases = cases_of_test_split(run)[:2]
    found = measurer.measure(cases, 10.0, None)
    mm = pixel_mm(run.config, read_case_image(cases[0]).shape[:2])
    assert mm[0] == pytest.approx(mm[1])
    for row in found.rows:
        assert row["variance_mm"] == pytest.approx(row["variance"] * mm[0] ** 2)
    assert "variance" in found.aurc
    assert "variance_mm" not in found.aurc
