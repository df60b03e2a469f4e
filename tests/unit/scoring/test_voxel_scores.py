"""Scores of voxels class by class, against those of whole tables of probabilities."""

import numpy as np
import pytest

from tfuq.scoring import calibration
from tfuq.scoring.voxel_scores import LargestProbability, VoxelSums

VOXELS, CLASSES, BLOCK = 1000, 5, 130


def gathered(p, truth, chosen):
    largest = LargestProbability(len(truth), p.dtype)
    sums = VoxelSums(truth, chosen)
    for k in range(CLASSES):
        for start in range(0, len(truth), BLOCK):
            place = slice(start, start + BLOCK)
            largest.add(k, place, p[place, k])
            sums.add(k, place, p[place, k])
    return sums, largest


@pytest.mark.parametrize("has_unknown", [False, True])
@pytest.mark.parametrize("digits", [2, 9])
def test_scores_are_those_of_the_whole_table(digits, has_unknown):
    """Of two digits there are many ties, and voxels whose true class is impossible."""
    rng = np.random.default_rng(digits)
    truth = rng.integers(0, CLASSES, VOXELS).astype(np.uint8)
    certain = np.eye(CLASSES)[truth] * 3 + rng.random((VOXELS, CLASSES)) ** 8
    p = np.round(certain / certain.sum(1, keepdims=True), digits)
    p[:50] = np.eye(CLASSES)[0]
    chosen = None
    if has_unknown:
        chosen = rng.random(VOXELS) < 0.7
        truth[~chosen] = 255
    sums, largest = gathered(p, truth, chosen)
    table = p[sums.of_chosen(np.arange(VOXELS))]
    y = sums.of_chosen(truth).astype(int)
    expected = calibration.calibration_errors(table, y)
    reliability = sums.reliability(largest)
    found = sums.errors(reliability) | {"ece_classwise": sums.classwise_error()}
    assert found == pytest.approx({name: expected[name] for name in found}, rel=1e-10)
    for found_bins, bins in zip(reliability, calibration.confidence_bins(table, y), strict=True):
        np.testing.assert_allclose(found_bins, bins, rtol=1e-12)
    np.testing.assert_array_equal(largest.values, p.max(1))
    np.testing.assert_array_equal(largest.classes, p.argmax(1))


def test_small_probabilities_are_not_lost():
    """All are in the first bin, whose sum is no whole number."""
    truth = np.zeros(3, np.uint8)
    sums = VoxelSums(truth, None)
    sums.add(0, slice(0, 3), np.full(3, 0.98))
    sums.add(1, slice(0, 3), np.full(3, 0.02))
    assert sums.classwise_error() == pytest.approx(0.02)
