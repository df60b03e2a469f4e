"""Contours filled: against plain Python, Matplotlib and closed forms, on straight and tilted grids."""

import numpy as np
import pytest
from matplotlib.path import Path as Polygon
from scipy.spatial.transform import Rotation

from tests.support.radiotherapy import ring
from tfuq.data.contours import filled
from tfuq.data.volume import Volume


def grid_of(shape, affine):
    return Volume(np.zeros(shape, np.uint8), affine)


def tilted(spacing=(1.3, 0.9, 2.5)):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", [20, -15, 40], degrees=True).as_matrix() @ np.diag(
        spacing
    )
    affine[:3, 3] = [-30, 12, 55]
    return affine


def in_mm(voxels, affine):
    return np.array(voxels, float) @ affine[:3, :3].T + affine[:3, 3]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_voxel_centres_within_random_polygons(axis):
    """As counted edge by edge in plain Python, in any plane of a tilted scan."""
    rng = np.random.default_rng(axis)
    affine = tilted()
    shape = [23, 19, 21]
    for _ in range(5):
        flat = rng.uniform(2, 17, (9, 2))
        contour = in_mm(np.insert(flat, axis, 7, axis=1), affine)
        found = filled([contour], grid_of(shape, affine))
        plane = np.take(found.mask, 7, axis)
        for centre, is_inside in np.ndenumerate(plane):
            sides = {crossings(flat, np.array(centre) + nudge) % 2 for nudge in NUDGES}
            assert sides == {is_inside} or len(sides) == 2, "a centre on an edge may be either"
        assert found.mask.sum() == plane.sum()
        assert (found.outside, found.gaps) == (0, 0)


NUDGES = [(-3e-4, -3e-4), (3e-4, 3e-4), (-3e-4, 3e-4), (3e-4, -3e-4)]  # voxels


def crossings(polygon, centre):
    """How many edges a walk from a point to the far right crosses."""
    count = 0
    for (a, b), (c, d) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if (a > centre[0]) != (c > centre[0]):
            count += b + (centre[0] - a) * (d - b) / (c - a) > centre[1]
    return count


def test_a_convex_polygon_is_that_of_matplotlib():
    contour = ring((10.2, 9.7), 6.3, 4, np.eye(4), points=25)
    found = filled([contour], grid_of((20, 20, 6), np.eye(4))).mask[..., 4]
    centres = np.stack(np.indices(found.shape), -1).reshape(-1, 2)
    expected = Polygon(contour[:, :2]).contains_points(centres)
    np.testing.assert_array_equal(found.ravel(), expected)


def test_a_cylinder_has_its_volume():
    affine = tilted((0.5, 0.5, 2.0))
    contours = [ring((60.3, 55.1), 40, plane, affine) for plane in range(3, 13)]
    grid = grid_of((120, 120, 16), affine)
    found = filled(contours, grid)
    volume = found.mask.sum() * grid.voxel_volume
    assert volume == pytest.approx(np.pi * 20**2 * 20, rel=2e-3)
    assert np.flatnonzero(found.mask.any((0, 1))).tolist() == list(range(3, 13))


def test_a_contour_within_another_is_a_hole():
    outer = ring((30, 30), 20, 2, np.eye(4))
    inner = ring((32, 30), 8, 2, np.eye(4))
    grid = grid_of((64, 64, 4), np.eye(4))
    whole = filled([outer], grid).mask
    hole = filled([inner], grid).mask
    np.testing.assert_array_equal(filled([outer, inner], grid).mask, whole & ~hole)
    island = filled([ring((32, 30), 3, 2, np.eye(4))], grid).mask
    three = filled([outer, inner, ring((32, 30), 3, 2, np.eye(4))], grid).mask
    np.testing.assert_array_equal(three, whole & ~hole | island)


def test_a_keyhole_is_a_hole():
    square = [[2, 2], [2, 17], [17, 17], [17, 2], [2, 2]]
    hole = [[5, 5], [12, 5], [12, 12], [5, 12], [5, 5]]
    points = np.array([*square, *hole])
    contour = np.insert(points - 0.5, 2, 1, axis=1)
    found = filled([contour], grid_of((20, 20, 3), np.eye(4))).mask[..., 1]
    assert found.sum() == 15 * 15 - 7 * 7
    assert not found[5:12, 5:12].any()


def test_a_contour_that_is_there_twice_counts_once():
    contour = ring((10, 10), 6, 1, np.eye(4), points=40)
    grid = grid_of((20, 20, 3), np.eye(4))
    once = filled([contour], grid).mask
    again = np.roll(contour[::-1], 5, axis=0)
    np.testing.assert_array_equal(filled([contour, again], grid).mask, once)


def test_squares_that_touch_share_no_voxel():
    """Edges run through centres: each centre belongs to one of both."""
    left = np.array([[2, 2, 1], [2, 8, 1], [8, 8, 1], [8, 2, 1]], float)
    right = left + np.array([6.0, 0, 0])
    grid = grid_of((20, 12, 3), np.eye(4))
    first = filled([left], grid).mask
    second = filled([right], grid).mask
    assert first.sum() == second.sum() == 36
    assert not (first & second).any()


def test_what_leaves_the_scan_is_counted_and_cut():
    contours = [ring((10, 10), 6, plane, np.eye(4)) for plane in (-2, -1, 0, 1)]
    contours.append(ring((18, 10), 6, 2, np.eye(4)))
    found = filled(contours, grid_of((20, 20, 3), np.eye(4)))
    assert found.outside == 3
    assert found.mask.any((0, 1)).tolist() == [True, True, True]
    assert not found.mask[:11, :, 2].any()


def test_planes_without_a_contour_are_counted():
    contours = [ring((10, 10), 6, plane, np.eye(4)) for plane in (1, 2, 3, 6, 7)]
    found = filled(contours, grid_of((20, 20, 9), np.eye(4)))
    assert found.gaps == 2
    assert not found.mask[..., 4].any()


def test_no_contour_is_no_voxel():
    assert not filled([], grid_of((5, 5, 5), np.eye(4))).mask.any()


@pytest.mark.parametrize(
    ("contours", "words"),
    [
        ([ring((10, 10), 6, 1.4, np.eye(4))], "between two planes of the scan, at 1.40"),
        ([ring((10, 10), 6, 2, tilted())], "lies in no plane of the scan's voxels"),
        (
            [ring((10, 10), 6, plane, np.eye(4)) for plane in (0, 2, 4, 6)],
            "most of its contours are 2 planes of the scan apart",
        ),
    ],
)
def test_contours_that_are_not_on_the_scans_planes_are_refused(contours, words):
    with pytest.raises(ValueError, match=words):
        filled(contours, grid_of((20, 20, 9), np.eye(4)))
