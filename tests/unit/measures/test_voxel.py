"""Voxel-level maps, of what the reducers gathered."""

import numpy as np
import pytest

from tests.support import references
from tests.support.reducing import reduce_all
from tfuq.measures.voxel import entropy, voxel_maps, voxel_reducers


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_reducers_against_the_reference(classes):
    rng = np.random.default_rng(classes)
    samples = rng.dirichlet(np.ones(classes), size=(9, 4, 6))
    maps = voxel_maps(reduce_all(samples, voxel_reducers()))
    for n in range(4):
        for v in range(6):
            for name, value in references.voxel_measures(samples[:, n, v]).items():
                np.testing.assert_allclose(maps[name].numpy()[n, v], value, atol=3e-6, err_msg=name)


@pytest.mark.parametrize(
    ("mean", "value"), [((0.5, 0.5), 0.6931), ((0.9, 0.1), 0.3251), ((1.0, 0.0), 0.0)]
)
def test_known_entropies(mean, value):
    maps = voxel_maps(reduce_all(np.array([mean, mean])[:, None, None], voxel_reducers()))
    for name in ("predictive_entropy", "expected_entropy"):
        np.testing.assert_allclose(maps[name].numpy(), value, atol=5e-5)
    np.testing.assert_array_equal(maps["mutual_information"], 0)
    np.testing.assert_array_equal(maps["standard_deviation"], 0)


def test_known_mean_and_spread():
    p = np.array([0.9007, 0.8139, 0.9349, 0.9309, 0.9520, 0.8621, 0.8489])
    maps = voxel_maps(reduce_all(np.stack([1 - p, p], -1)[:, None, None], voxel_reducers()))
    assert maps["probability"].numpy()[0, 0, 1] == pytest.approx(0.8919, abs=5e-5)
    assert maps["standard_deviation"].numpy()[0, 0] == pytest.approx(0.0476, abs=5e-5)


def test_entropy_of_nothing_is_zero_and_of_k_equal_classes_log_k():
    p = np.array([[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]], np.float32)
    np.testing.assert_allclose(entropy(p), [0, np.log(3), np.log(2)], atol=1e-6)


def test_samples_that_disagree_have_all_their_entropy_as_mutual_information():
    samples = np.eye(2)[[0, 1]][:, None, None]
    maps = voxel_maps(reduce_all(samples, voxel_reducers()))
    assert set(maps) == {
        "probability",
        "predictive_entropy",
        "expected_entropy",
        "mutual_information",
        "variation_ratio",
        "standard_deviation",
    }
    assert maps["mutual_information"].numpy().item() == pytest.approx(np.log(2))
    assert maps["expected_entropy"].numpy().item() == 0
