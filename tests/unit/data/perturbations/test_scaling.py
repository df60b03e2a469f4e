"""Scaling about the centre."""

import numpy as np
import pytest

from tests.support.subjects import ellipsoid, picture
from tfuq.data.perturbations.scaling import scaling


def test_scaling_by_half_makes_volumes_three_and_three_eighths_as_large():
    grown = scaling(ellipsoid(), 0.5, np.random.default_rng(0)).label.array.sum()
    assert grown / ellipsoid().label.array.sum() == pytest.approx(1.5**3, rel=0.1)


@pytest.mark.parametrize("severity", [-0.5, 0.25])
def test_points_move_away_from_the_centre(severity):
    centre = np.array([39.5, 29.5])
    points = centre + np.array([[0.0, 0.0], [4.0, -8.0]])
    moved = scaling(picture(points), severity, np.random.default_rng(0)).points
    np.testing.assert_allclose(moved, centre + (1 + severity) * (points - centre))
