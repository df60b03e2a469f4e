"""The CRPS of structures' volumes, of samples written as voxels."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tfuq.data.preprocessing import PADDING
from tfuq.data.volume import Volume
from tfuq.measures.sample_masks import StoredSamples
from tfuq.scoring.evaluation.raters import RaterScores
from tfuq.scoring.evaluation.volume_scores import volume_scores

CONFIG = settings(Path("data"))
GRID = Volume(np.zeros((4, 3, 2), np.uint8), np.diag([1.0, 2.0, 3.0, 1.0]))  # 6 mm³ a voxel


def first(voxels):
    """A mask of the first voxels."""
    return (np.arange(24) < voxels).reshape(GRID.shape)


def kept(*sizes):
    """Samples of a ball of these sizes, and of no core."""
    masks = np.stack([[first(size), first(0)] for size in sizes])
    packed = np.packbits(masks.reshape(1, len(sizes), 2, -1), axis=-1, bitorder="little")
    return StoredSamples(packed, None, GRID)


def test_against_one_reference():
    reference = GRID.with_array(first(5).astype(np.uint8))
    found = volume_scores(kept(2, 4, 9), CONFIG, [reference], None)
    error = (3 + 1 + 4) / 3
    spread = (2 + 7 + 5) / 3
    assert found["ball"]["volume_crps_mm3"] == pytest.approx(6 * (error - spread / 2))
    assert found["core"]["volume_crps_mm3"] == 0


def test_against_raters_it_is_their_mean():
    rows = [
        {"class": "ball", "volume_mm3": 6.0},
        {"class": "ball", "volume_mm3": 24.0},
        {"class": "core", "volume_mm3": 0.0},
    ]
    raters = RaterScores(structures={}, image={}, rows=rows)
    reference = GRID.with_array(first(5).astype(np.uint8))
    found = volume_scores(kept(3), CONFIG, [reference], raters)
    assert found["ball"]["volume_crps_mm3"] == pytest.approx((12 + 6) / 2)


def test_without_samples_or_with_voxels_to_ignore_there_is_none():
    reference = GRID.with_array(np.full(GRID.shape, PADDING, np.uint8))
    assert volume_scores(None, CONFIG, [reference], None) == {}
    found = volume_scores(kept(3), CONFIG, [reference], None)
    assert found["ball"] == {"volume_crps_mm3": None}
