"""A network without its randomness, on the same variables."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tfuq.sampling.mean_network import at_its_means
from tfuq.sampling.members import build_member

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


@pytest.mark.parametrize("method", ["mc-dropout", "vi", "latent-vi", "swag"])
def test_it_is_the_network_that_is_built_without_randomness(tmp_path, method):
    config = settings(tmp_path, method, 2)
    model = build_member(config, channels=1)
    for variable in model.weights:
        if variable.name.endswith("_scale:0") and method == "swag":
            variable.assign(tf.ones_like(variable))
    means = at_its_means(model)
    built = build_member(config, channels=1, sources=())
    built.set_weights(model.get_weights())
    x = tf.random.stateless_normal([2, 16, 16, 1], SEED)
    np.testing.assert_allclose(means([x, SEED]), built([x, SEED]), atol=1e-6)
    np.testing.assert_array_equal(means([x, SEED]), means([x, OTHER]))
    assert not np.allclose(model([x, SEED]), means([x, SEED]))


def test_its_variables_are_those_of_the_network(tmp_path):
    model = build_member(settings(tmp_path, "mc-dropout", 2), channels=1)
    means = at_its_means(model)
    assert {id(v) for v in means.weights} == {id(v) for v in model.weights}
    for variable in model.weights:
        variable.assign(tf.zeros_like(variable))
    assert not np.any(means([tf.ones([1, 16, 16, 1]), SEED]))
