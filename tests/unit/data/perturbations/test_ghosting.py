"""Ghosts: lines of the spectrum along one axis are weakened."""

import numpy as np
import pytest

from tests.support.subjects import ellipsoid
from tfuq.data.perturbations.base import Subject
from tfuq.data.perturbations.ghosting import ghosting
from tfuq.data.volume import Volume


def test_every_fourth_line_but_the_central_ones_is_weakened():
    rng = np.random.default_rng(0)
    array = rng.normal(size=(32, 1, 1, 1)).astype(np.float32)
    subject = Subject(Volume(array, np.eye(4)), axis=1)
    ghosts = ghosting(subject, 0.6, np.random.default_rng(0)).image.array
    if np.array_equal(ghosts, array):  # the seed chose the other axis, which is one voxel long
        ghosts = ghosting(subject, 0.6, np.random.default_rng(1)).image.array
    ratio = np.abs(np.fft.fft(ghosts[:, 0, 0, 0]) / np.fft.fft(array[:, 0, 0, 0]))
    weights = np.ones(32)
    weights[4::4] = 0.4
    np.testing.assert_allclose(ratio, weights, rtol=1e-4)


def test_the_mean_of_the_image_stays():
    array = ellipsoid().image.array
    ghosts = ghosting(ellipsoid(), 1.0, np.random.default_rng(0)).image.array
    np.testing.assert_allclose(ghosts.mean((0, 1, 2)), array.mean((0, 1, 2)), atol=1e-5)


@pytest.mark.parametrize("axis", range(3))
def test_slices_are_ghosted_in_their_plane(axis):
    """The mean of each slice stays, whichever axis in plane is chosen."""
    subject = ellipsoid(axis=axis)
    in_plane = tuple({0, 1, 2} - {axis})
    means = subject.image.array.mean(in_plane)
    for seed in range(4):
        ghosts = ghosting(subject, 1.0, np.random.default_rng(seed)).image.array
        np.testing.assert_allclose(ghosts.mean(in_plane), means, atol=1e-5)
