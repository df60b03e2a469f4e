"""Distances and measures at boundaries, against scikit-image and a search for nearest neighbours."""

import numpy as np
import pytest
from skimage.segmentation import find_boundaries
from sklearn.neighbors import NearestNeighbors

from tests.support.blobs import SHAPES, blobs
from tests.support.class_maps import class_maps
from tfuq.data.boundary import surface
from tfuq.measures.structure import structure_rows
from tfuq.scoring.segmentation import surface_scores

RADIUS, WIDTH = 60, 200


def disc(shift=0, slices=None):
    x, y = np.indices((WIDTH, WIDTH)) - WIDTH // 2
    mask = (x - shift) ** 2 + y**2 <= RADIUS**2
    return mask if slices is None else np.repeat(mask[:, :, None], slices, 2)


def independent_scores(a, b, spacing):
    """Contours by scikit-image of what is left without axes of length one, distances by a tree of their points."""
    axes = [axis for axis, length in enumerate(a.shape) if length > 1]
    points = [
        np.argwhere(find_boundaries(m.squeeze(), connectivity=1, mode="inner")) * spacing[axes]
        for m in (a, b)
    ]
    directed = [
        NearestNeighbors(n_neighbors=1).fit(points[1 - i]).kneighbors(points[i])[0].ravel()
        for i in (0, 1)
    ]
    return max(np.percentile(d, 95) for d in directed), np.concatenate(directed).mean()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [2, 3])
def test_surface_distances_against_scikit_image(shape, seed):
    a, b, spacing = (
        blobs(shape, seed) > 0,
        blobs(shape, seed + 10) > 0,
        np.array([0.7, 1.3, 2.9])[: len(shape)],
    )
    scores = surface_scores(a, b, spacing)
    found = scores["hd95_mm"], scores["average_surface_distance_mm"]
    assert found == pytest.approx(independent_scores(a, b, spacing))


@pytest.mark.parametrize("slices", [1, 2, 3, 9])
@pytest.mark.parametrize(("shift", "mean"), [(2, 1.2), (5, 3.0), (10, 6.1), (20, 12.3)])
def test_a_disc_that_moves_lies_as_far_off_in_every_stack(shift, mean, slices):
    """Of circles, the distances to one that is moved by s run from 0 to s; the largest twentieth is s but for pixels."""
    scores = surface_scores(disc(shift, slices), disc(0, slices), np.ones(3))
    assert scores["hd95_mm"] == pytest.approx(shift, abs=0.3)
    assert scores["average_surface_distance_mm"] == pytest.approx(mean, abs=0.06)


def test_a_surface_is_the_same_in_its_box_and_in_the_volume():
    """A mask that touches two faces of the volume alone, where its box ends too."""
    a, b = np.zeros((9, 8, 7), bool), np.zeros((9, 8, 7), bool)
    a[:4, 2:6, 3:], b[:6, 2:6, 3:] = True, True
    scores = surface_scores(a, b, np.array([2.0, 1.0, 1.0]))
    assert (scores["hd95_mm"], scores["average_surface_distance_mm"]) == pytest.approx(
        independent_scores(a, b, np.array([2.0, 1, 1]))
    )
    assert surface(a)[3, 2:6, 3:].all()
    assert not surface(a)[0, 3:5, 4:].any()


@pytest.mark.parametrize("slices", [1, 3])
def test_entropy_at_the_boundary_of_a_disc_is_that_of_its_rim(slices):
    """1 nat within a pixel and a half of the circle, 0 elsewhere: the mean inside is small, and at the boundary 1."""
    label = disc(slices=slices)[20:180, 20:180]
    x, y = np.indices(label.shape[:2]) - 80
    maps = class_maps(np.stack([label, label]), label, slice_axis=2)
    maps.image.predictive_entropy[:] = (np.abs(np.hypot(x, y) - RADIUS) < 1.5)[:, :, None]
    row = structure_rows(maps, min_component_voxels=1)[0]
    assert row["boundary_entropy"] == 1
    assert row["mean_entropy"] == pytest.approx(maps.image.predictive_entropy[label].mean())
    rim = find_boundaries(label[:, :, 0], connectivity=1, mode="thick")
    assert row["boundary_mutual_information"] == pytest.approx(
        maps.image.mutual_information[rim].mean()
    )


def test_a_structure_that_fills_the_volume_has_no_boundary_and_says_so():
    full = np.ones((2, 5, 4, 3), bool)
    for row in structure_rows(class_maps(full, full[0]), min_component_voxels=1):
        assert row["reason"] == "fills the volume, so it has no boundary in it"
        assert not {"boundary_entropy", "boundary_mutual_information"} & row.keys()
        assert all(
            value is None or isinstance(value, str) or np.isfinite(value) for value in row.values()
        )
