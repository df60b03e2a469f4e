"""Scores of segmentations against slow references and sklearn."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from tests.support import references
from tests.support.class_maps import sample_masks
from tfuq.scoring.metrics import METRICS
from tfuq.scoring.segmentation import dice, overlap_scores, surface_scores


@pytest.mark.parametrize("seed", range(3))
def test_segmentation_scores_against_the_reference(seed):
    a, b = sample_masks(seed, samples=2)
    spacing = np.array([0.7, 1.3, 2.0])
    scores = overlap_scores(a, b, 1.5) | surface_scores(a, b, spacing)
    assert scores["dice"] == pytest.approx(references.dice(a, b))
    assert scores["iou"] == pytest.approx(sklearn_metrics.jaccard_score(b.ravel(), a.ravel()))
    assert scores["precision"] == pytest.approx(
        sklearn_metrics.precision_score(b.ravel(), a.ravel())
    )
    assert scores["recall"] == pytest.approx(sklearn_metrics.recall_score(b.ravel(), a.ravel()))
    assert scores["volume_difference_mm3"] == (int(a.sum()) - int(b.sum())) * 1.5
    to_b, to_a = references.surface_distances(a, b, spacing)
    assert scores["hd95_mm"] == pytest.approx(max(np.percentile(to_b, 95), np.percentile(to_a, 95)))
    assert scores["average_surface_distance_mm"] == pytest.approx(
        np.concatenate([to_b, to_a]).mean()
    )


@pytest.mark.parametrize("tolerance", [0.0, 0.7, 1.4, 3.0])
def test_surface_dice_is_the_share_of_both_surfaces_near_the_other(tolerance):
    a, b = sample_masks(0, samples=2)
    spacing = np.array([0.7, 1.3, 2.0])
    found = surface_scores(a, b, spacing, tolerance=tolerance)["nsd"]
    to_b, to_a = references.surface_distances(a, b, spacing)
    near = sum(d <= tolerance + 1e-9 for d in [*to_b, *to_a])
    assert found == pytest.approx(near / (len(to_b) + len(to_a)))


def test_surface_dice_is_defined_without_surfaces():
    full = np.ones((2, 3, 4), bool)
    part = full.copy()
    part[0] = False
    empty = np.zeros_like(full)
    for a, b, expected in (
        (full, empty, 0),
        (empty, full, 0),
        (empty, empty, 1),
        (full, full, 1),
        (full, part, 0),
    ):
        assert surface_scores(a, b, np.ones(3), tolerance=1.0)["nsd"] == expected


def test_scores_of_empty_masks_are_defined():
    full, empty = np.ones((3, 3, 3), bool), np.zeros((3, 3, 3), bool)
    assert dice(empty, empty) == 1
    assert dice(full, empty) == 0
    assert overlap_scores(empty, empty, 1)["iou"] == 1
    assert overlap_scores(empty, full, 1)["precision"] is None
    assert surface_scores(full, empty, np.ones(3))["hd95_mm"] is None
    assert surface_scores(full, full, np.ones(3))["hd95_mm"] == 0
    part = full.copy()
    part[0] = False
    assert (
        surface_scores(full, part, np.ones(3))["hd95_mm"] is None
    )  # the full mask has no surface within the volume


def test_scores_stay_within_their_stated_bounds():
    for seed in range(5):
        a, b = sample_masks(seed, samples=2)
        for name, value in (overlap_scores(a, b, 1.0) | surface_scores(a, b, np.ones(3))).items():
            metric = METRICS[name]
            assert metric.low is None or value >= metric.low
            assert metric.high is None or value <= metric.high


def test_surfaces_end_where_nothing_is_known():
    """Against surfaces by their definition, among voxels that are known."""
    rng = np.random.default_rng(2)
    shape, spacing = (7, 6, 5), np.array([1.0, 1.5, 2.0])
    known = rng.random(shape) < 0.8
    masks = [known & (rng.random(shape) < share) for share in (0.5, 0.4)]

    def points(mask):
        found = []
        for place in np.argwhere(mask):
            for axis, step in np.ndindex(3, 2):
                other = place.copy()
                other[axis] += 2 * step - 1
                is_within = (other >= 0).all() and (other < shape).all()
                if is_within and known[tuple(other)] and not mask[tuple(other)]:
                    found.append(place * spacing)
                    break
        return np.array(found)

    a, b = map(points, masks)
    to_b = [np.linalg.norm(b - point, axis=1).min() for point in a]
    to_a = [np.linalg.norm(a - point, axis=1).min() for point in b]
    scores = surface_scores(*masks, spacing, known)
    assert scores["hd95_mm"] == pytest.approx(max(np.percentile(d, 95) for d in (to_a, to_b)))
    assert scores["average_surface_distance_mm"] == pytest.approx(np.mean(to_a + to_b))
    assert surface_scores(known, known, spacing, known)["hd95_mm"] == 0
