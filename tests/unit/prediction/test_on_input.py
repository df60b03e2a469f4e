"""Maps of a case on the grid of its image as given."""

import numpy as np
import pytest

from tests.support.drawn import voxel_statistics
from tfuq.data.volume import Volume
from tfuq.prediction.on_input import InputGrid, conformal_bounds

RNG = np.random.default_rng(0)
IMAGE = Volume(np.zeros((4, 4, 4, 1)), np.eye(4))
MOVED = np.eye(4)
MOVED[:3, 3] = 1  # begins a voxel further along each axis


def grid(prepared, slice_axis=None):
    return InputGrid(image=IMAGE, prepared=prepared, slice_axis=slice_axis, classes=2)


CROPPED = grid(Volume(np.zeros((2, 2, 2, 1)), MOVED))
FINER = grid(Volume(np.zeros((8, 8, 8, 1)), np.diag([0.5, 0.5, 0.5, 1.0])))


def test_what_the_network_did_not_see_is_background():
    p = RNG.dirichlet([1, 1], (1, 2, 2, 2)).astype(np.float32)
    found = CROPPED.probabilities(p).array
    np.testing.assert_array_equal(found[1:3, 1:3, 1:3], p[0])
    outside = np.ones((4, 4, 4), bool)
    outside[1:3, 1:3, 1:3] = False
    assert (found[outside] == [1, 0]).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_are_stacked_along_their_axis(axis):
    values = RNG.normal(size=(2, 2, 2)).astype(np.float32)
    found = grid(Volume(np.zeros((2, 2, 2, 1)), MOVED), axis).bring(np.moveaxis(values, axis, 0))
    np.testing.assert_array_equal(found.array[1:3, 1:3, 1:3], values)


def test_grids_of_the_same_voxels_are_copied():
    assert CROPPED.copies_voxels
    assert not FINER.copies_voxels
    information = RNG.random((1, 2, 2, 2)).astype(np.float32)
    drawn = voxel_statistics(np.zeros((1, 2, 2, 2, 2)), mutual_information=information)
    maps = CROPPED.uncertainty_maps(drawn, IMAGE, ["mutual_information"], several=True)
    found = maps["mutual_information"].array
    np.testing.assert_array_equal(found[1:3, 1:3, 1:3], information[0])


def test_entropies_elsewhere_are_those_of_the_interpolated_probability():
    """So that the maps of a case fit each other on any grid."""
    p = RNG.dirichlet([1, 1], (1, 8, 8, 8)).astype(np.float32)
    probability = FINER.probabilities(p)
    maps = FINER.uncertainty_maps(
        voxel_statistics(p), probability, ["predictive_entropy"], several=False
    )
    q = np.maximum(probability.array.astype(float), 1e-12)
    expected = -(q * np.log(q)).sum(-1)
    np.testing.assert_allclose(maps["predictive_entropy"].array, expected, atol=1e-5)


def test_the_variance_between_members_is_of_their_maps():
    members = RNG.dirichlet([1, 1], (1, 2, 8, 8, 8)).astype(np.float32)
    within = np.zeros((1, 8, 8, 8), np.float32)
    drawn = voxel_statistics(
        members[:, 0],
        members=members,
        between_member_variance=within,
        within_member_variance=within,
    )
    weights = np.array([0.75, 0.25], np.float32)
    found = FINER.member_maps(drawn, weights)
    maps = [found[name].array for name in found if name.startswith("member")][:2]
    mean = 0.75 * maps[0] + 0.25 * maps[1]
    variance = 0.75 * (maps[0] - mean) ** 2 + 0.25 * (maps[1] - mean) ** 2
    between = found["between_member_variance"].array
    np.testing.assert_allclose(between, variance.mean(-1), atol=1e-6)


def test_bounds_are_where_a_probability_reaches_its_threshold():
    p = np.array([[[[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]]])
    volume = Volume(p, np.eye(4))
    bounds = {"a": {"lower": 0.5, "upper": 0.1}, "b": {"lower": 0.9, "upper": 0.31}}
    found = conformal_bounds(volume, bounds, ["a", "b"])
    assert found["label_lower"].array.tolist() == [[[[1, 0], [0, 0]]]]
    assert found["label_upper"].array.tolist() == [[[[1, 0], [1, 1]]]]
    single = conformal_bounds(volume, bounds, ["a"])["label_lower"].array
    assert (single.shape, single.dtype) == ((1, 1, 2), np.uint8)  # no channel of one class
