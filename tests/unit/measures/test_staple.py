"""STAPLE, against its formulas voxel by voxel and against SimpleITK."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tests.support import references
from tfuq.measures import staple as module
from tfuq.measures.staple import estimate, staple


def raters(classes: int, samples: int, voxels: int) -> np.ndarray:
    """Decisions [T, voxels] of raters that err more and more."""
    rng = np.random.default_rng(samples)
    truth = rng.choice(classes, voxels, p=[0.7, *[0.3 / (classes - 1)] * (classes - 1)])
    decisions = []
    for t in range(samples):
        is_wrong = rng.random(voxels) < 0.05 + 0.05 * t
        decisions.append(np.where(is_wrong, rng.integers(0, classes, voxels), truth))
    return np.array(decisions)


def packed_of(decisions: np.ndarray, examples: int, classes: int) -> np.ndarray:
    """[n, T, K − 1, bytes] of decisions [T, n · voxels]."""
    by_example = decisions.reshape(len(decisions), examples, -1).swapaxes(0, 1)
    masks = np.stack([by_example == k for k in range(1, classes)], 2)
    return np.packbits(masks, axis=-1, bitorder="little")


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("examples", [1, 3])
def test_patterns_give_what_voxels_give(classes, examples, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 4)  # several blocks of a mask
    decisions = raters(classes, 4, 39 * examples)
    found = staple(packed_of(decisions, examples, classes), 39)
    truth, performance = references.staple(decisions, classes)
    for k in range(classes):
        np.testing.assert_allclose(found.probability(k).ravel(), truth[:, k], atol=1e-4)
    np.testing.assert_allclose(found.performance, performance, atol=1e-4)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_sample_that_is_foreground_everywhere_is_found_out(classes):
    decisions = raters(classes, 4, 60)
    decisions[3] = 1
    found = staple(packed_of(decisions, 1, classes), 60)
    truth, performance = references.staple(decisions, classes)
    for k in range(classes):
        np.testing.assert_allclose(found.probability(k).ravel(), truth[:, k], atol=1e-4)
    np.testing.assert_allclose(found.performance, performance, atol=1e-4)
    np.testing.assert_array_equal(found.performance[3, 1], 1)


def test_a_class_that_no_sample_has_is_nowhere():
    decisions = raters(2, 4, 60)  # of three classes, the last is absent
    found = staple(packed_of(decisions, 1, 3), 60)
    of_two = staple(packed_of(decisions, 1, 2), 60)
    np.testing.assert_array_equal(found.probability(2), 0)
    # The trust in raters at the start is divided by other numbers of classes.
    np.testing.assert_allclose(found.probability(1), of_two.probability(1), atol=1e-4)


def test_two_classes_are_as_of_simpleitk():
    decisions = raters(2, 5, 4096)
    images = [sitk.GetImageFromArray(row.reshape(64, 64).astype(np.uint8)) for row in decisions]
    filter_ = sitk.STAPLEImageFilter()
    filter_.SetForegroundValue(1.0)
    expected = sitk.GetArrayFromImage(filter_.Execute(images)).ravel()
    found = staple(packed_of(decisions, 1, 2), 4096)
    np.testing.assert_allclose(found.probability(1).ravel(), expected, atol=1e-4)
    np.testing.assert_allclose(found.performance[:, 1, 1], filter_.GetSensitivity(), atol=1e-4)
    np.testing.assert_allclose(found.performance[:, 0, 0], filter_.GetSpecificity(), atol=1e-4)


def test_a_rater_who_guesses_is_outvoted_and_found_out():
    rng = np.random.default_rng(0)
    truth = rng.random(2000) < 0.3
    guesses = [rng.random(2000) < 0.5 for _ in range(2)]
    good = [truth ^ (rng.random(2000) < 0.02) for _ in range(2)]
    found = staple(packed_of(np.array([*good, *guesses]).astype(int), 1, 2), 2000)
    assert np.mean((found.probability(1).ravel() > 0.5) == truth) > 0.96
    assert found.performance[0, 1, 1] > 0.9 > 0.6 > found.performance[2, 1, 1]


def test_samples_without_any_structure_are_background():
    found = staple(np.zeros((1, 3, 2, 5), np.uint8), 37)
    np.testing.assert_array_equal(found.probability(0), 1)
    assert np.isfinite(found.performance).all()


def test_a_pattern_weighs_as_many_voxels_as_have_it():
    decisions = np.array([[0, 1, 1], [0, 1, 0]])
    once, _ = estimate(decisions, np.array([8.0, 3.0, 1.0]), 2)
    spread = np.repeat(decisions, [8, 3, 1], axis=1)
    twice, _ = estimate(spread, np.ones(12), 2)
    np.testing.assert_allclose(once, twice[[0, 8, 11]], atol=1e-6)
