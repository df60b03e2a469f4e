"""What samples have of a structure, and share two by two."""

import numpy as np
import pytest

from tests.support import references
from tests.support.class_maps import packed
from tfuq.measures import overlaps as module
from tfuq.measures.overlaps import Overlap, Territories, overlaps, pairwise_dice

SHAPE = (6, 5, 9)
BOX = (slice(1, 5), slice(0, 5), slice(2, 9))


def disputed_masks(samples):
    """Samples that lie in `BOX`, and agree on much of it."""
    rng = np.random.default_rng(2)
    masks = np.zeros((samples, *SHAPE), bool)
    shape = masks[(0, *BOX)].shape
    agreed = rng.random(shape) < 0.4
    for mask in masks:
        mask[BOX] = agreed ^ (rng.random(shape) < 0.1)
    return masks


@pytest.mark.parametrize("slice_axis", [None, 0, 1])
@pytest.mark.parametrize("limits", [{}, {"_BLOCK": 15, "_COUNTS": 40, "_PRODUCT": 10}], ids=len)
@pytest.mark.parametrize("samples", [1, 4])
def test_parts_are_counted_exactly(slice_axis, limits, samples, monkeypatch):
    """Also a few bytes, a few parts and a few voxels at a time."""
    for name, limit in limits.items():
        monkeypatch.setattr(module, name, limit)
    masks = disputed_masks(samples)
    numbers = np.random.default_rng(3).integers(1, 6, masks[(0, *BOX)].shape)
    whole, parts = overlaps(packed(masks, slice_axis), Territories(numbers, 5, BOX))
    assert whole.volumes.tolist() == masks.sum((1, 2, 3)).tolist()
    for number, part in enumerate(parts, start=1):
        shares = masks[(slice(None), *BOX)] & (numbers == number)
        assert part.volumes.tolist() == shares.sum((1, 2, 3)).tolist()
        if samples == 1:
            assert part.dice is None
        else:
            assert part.dice == pytest.approx(references.pairwise_dice(shares), rel=1e-12)


def test_one_part_is_the_whole():
    masks = disputed_masks(3)
    whole, (part,) = overlaps(packed(masks), Territories(None, 1, BOX))
    assert whole.dice == part.dice == pytest.approx(references.pairwise_dice(masks))


def test_pairwise_dice_conventions():
    assert pairwise_dice(np.array([[2, 1], [1, 2]])) == 0.5
    assert pairwise_dice(np.array([[0, 0], [0, 0]])) == 1
    assert pairwise_dice(np.array([[2, 0], [0, 0]])) == 0


def test_the_counts_of_two_samples_are_not_kept():
    assert Overlap.of_counts(np.ones((3, 3), int)).volumes.flags.owndata
