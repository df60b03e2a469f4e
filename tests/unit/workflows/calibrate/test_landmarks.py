"""Calibration of landmarks: radii that hold the errors of the calibration cases."""

import numpy as np
import pytest

from tests.support.drawn import make_finished_run
from tfuq.data.cases import read_case_image
from tfuq.data.sets.landmarks import pixel_mm, reference_points, rescale_points
from tfuq.prediction import cases_of_test_split
from tfuq.tasks.records import LandmarkStatistics
from tfuq.workflows.calibrate.landmarks import LandmarkFit


@pytest.fixture
def gathered(heads, tmp_path, fit_of):
    """Three heads, all landmarks of which are off by 5, 15 and 10 pixels in every sample."""
    run = make_finished_run(tmp_path / "run", "landmarks", heads)
    fit = fit_of(run)
    cases = cases_of_test_split(run)[:3]
    images = [read_case_image(case) for case in cases]
    drawn = []
    for case, image, times in zip(cases, images, (1, 3, 2), strict=True):
        size = image.shape[:2]
        points = reference_points(run.config, case, size) + times * np.array([3.0, 4.0])
        patch = rescale_points(points, size, tuple(run.config.network.patch_size))
        drawn.append(np.concatenate([patch, np.ones((len(patch), 1))], -1))
    samples = np.repeat(np.array(drawn)[:, None], 4, 1)
    fit.add(cases, images, LandmarkStatistics(landmarks=samples))
    assert isinstance(fit, LandmarkFit)
    return fit, pixel_mm(run.config, images[0].shape[:2])


def test_a_radius_is_the_quantile_of_the_errors_of_its_landmark(gathered):
    """⌈(3 + 1)·0.5⌉ = 2: the second smallest, 10 pixels; samples do not spread, so in plain mm."""
    fit, mm = gathered
    found = fit.thresholds()
    expected = np.hypot(6 * mm[0], 8 * mm[1])
    assert list(found.radii) == list(fit.config.data.landmarks)
    assert list(found.radii.values()) == pytest.approx([expected] * len(found.radii), rel=1e-4)
    assert set(found.radii_cases.values()) == {3}


def test_sizes_are_shares_of_the_image(gathered):
    fit, mm = gathered
    sizes = fit.thresholds().sizes["sella"]["radius"]
    assert sizes["mean_radius"] == pytest.approx(np.hypot(6 * mm[0], 8 * mm[1]), rel=1e-4)
    assert 0 < sizes["half_diagonal_share"] < 1
    assert sizes["vacuous"] == 0


def test_a_task_without_classes_has_no_scaling(gathered):
    fit, _ = gathered
    assert fit.scaling() is None
    assert fit.scalings == ()
