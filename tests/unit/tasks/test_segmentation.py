"""Segmentation: a class for every voxel."""

import math

import numpy as np
import pytest

from tests.conftest import settings
from tests.support import references
from tests.support.reducing import reduce_all
from tfuq.data.preprocessing import PADDING
from tfuq.tasks.segmentation import Segmentation


def test_quality_is_the_mean_dice_of_structures_that_a_scan_has():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), (2, 5, 6))
    targets = rng.integers(0, 3, (2, 5, 6))  # class 3 is absent
    chosen = p.argmax(-1)
    expected = np.mean([references.dice(chosen == k, targets == k) for k in (1, 2)])
    assert Segmentation().quality(None, p, targets) == pytest.approx(expected)


def test_padding_is_no_structure_s_voxel():
    foreground = np.array([[[0.9], [0.9], [0.1]]])
    targets = np.array([[1, PADDING, 1]])
    assert Segmentation().quality(None, foreground, targets) == pytest.approx(2 * 1 / (1 + 2))


def test_a_scan_without_a_structure_has_no_quality():
    assert math.isnan(Segmentation().quality(None, np.ones((1, 3, 1)), np.zeros((1, 3))))


@pytest.mark.parametrize("regions", [{}, {"whole": ["ball", "core"]}])
def test_a_prediction_has_what_measures_of_structures_need(regions):
    config = settings("x", data={"regions": regions})
    samples = np.random.default_rng(0).dirichlet(np.ones(3), (4, 1, 2, 3, 4))
    found = Segmentation().finish(reduce_all(samples, Segmentation().reducers(config)))
    assert ("region_entropy_terms" in found) == bool(regions)
    assert found["masks"].shape == (1, 4, 2, 3)
    np.testing.assert_allclose(
        np.sum(found["entropy_terms"], -1), found["expected_entropy"], atol=1e-6
    )
    if regions:
        whole = samples[..., 1:].sum(-1)
        terms = -(whole * np.log(whole)).mean(0)
        np.testing.assert_allclose(found["region_entropy_terms"][..., 0], terms, atol=1e-5)
