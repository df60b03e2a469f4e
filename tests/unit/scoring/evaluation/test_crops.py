"""Structures cut to where they are, against the whole volumes."""

import numpy as np
import pytest

from tfuq.data.preprocessing import PADDING
from tfuq.scoring.evaluation.crops import Crops
from tfuq.scoring.evaluation.voxels import CaseMaps
from tfuq.scoring.segmentation import overlap_scores, surface_scores

SPACING = np.array([0.7, 1.2, 2.5])


def blobs(seed):
    """Boxes of four classes at random places; one is often at the border, and one may lack."""
    rng = np.random.default_rng(seed)
    label = np.zeros((14, 11, 9), np.uint8)
    for k in range(1, 5):
        start = rng.integers(0, 9, 3)
        size = rng.integers(1, 6, 3)
        label[tuple(slice(a, a + b) for a, b in zip(start, size, strict=True))] = k
    return label


@pytest.mark.parametrize("has_unknown", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_scores_of_crops_are_those_of_whole_volumes(seed, has_unknown):
    label = blobs(seed)
    truth = blobs(seed + 100)
    truth[label > 2] = label[label > 2]
    if has_unknown:
        truth[np.random.default_rng(seed).random(truth.shape) < 0.2] = PADDING
    maps = CaseMaps(label=label, truth=truth, probability=np.eye(5)[label], maps={})
    crops = Crops(maps, 5)
    for members in ([1], [2], [4], [1, 3], [2, 4, 1]):
        predicted, reference, known = crops.masks(members)
        whole = np.isin(label, members) & (truth != PADDING)
        whole_reference = np.isin(truth, members)
        assert overlap_scores(predicted, reference, 2.0) == overlap_scores(
            whole, whole_reference, 2.0
        )
        assert surface_scores(
            predicted, reference, SPACING, known, maps.known_voxels
        ) == pytest.approx(surface_scores(whole, whole_reference, SPACING, maps.known))


def test_a_structure_that_fills_what_is_known_has_no_distance():
    label = np.ones((4, 4, 4), np.uint8)
    truth = label.copy()
    truth[:, :, 2:] = PADDING
    maps = CaseMaps(label=label, truth=truth, probability=np.eye(2)[label], maps={})
    predicted, reference, known = Crops(maps, 2).masks([1])
    scores = surface_scores(predicted, reference, SPACING, known, maps.known_voxels)
    assert scores["hd95_mm"] == 0
    truth[0, 0, 3] = 0  # known, and not the structure
    maps = CaseMaps(label=label, truth=truth, probability=np.eye(2)[label], maps={})
    predicted, reference, known = Crops(maps, 2).masks([1])
    scores = surface_scores(predicted, reference, SPACING, known, maps.known_voxels)
    assert scores["hd95_mm"] is None


def test_a_structure_that_is_nowhere_has_empty_masks():
    label = np.zeros((3, 3, 3), np.uint8)
    maps = CaseMaps(label=label, truth=label, probability=np.eye(3)[label], maps={})
    predicted, reference, _ = Crops(maps, 3).masks([1, 2])
    assert not predicted.size
    assert overlap_scores(predicted, reference, 1.0)["dice"] == 1
