"""What variational layers have of the seed alone; the layers themselves are tested beside them."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tfuq.networks.layers.seeded_weights import SeededWeights, is_width, untransformed
from tfuq.networks.layers.variational import GaussianPosterior


@pytest.mark.parametrize("width", [1e-9, 0.0067, 1.0, 30.0])
def test_softplus_undoes_untransformed(width):
    assert np.logaddexp(0, untransformed(width)) == pytest.approx(width, rel=1e-6)


def test_widths_are_told_from_other_variables():
    layer = GaussianPosterior().dense(4, name="dense")
    layer.build((None, 3))
    assert [is_width(variable) for variable in layer.weights] == [False, True, False]


def test_weights_of_a_seed_lie_about_the_mean_as_far_as_their_widths_say():
    layer = GaussianPosterior(initial_scale=0.5).dense(200, name="dense")
    layer.build((None, 100))
    mean, _ = layer.means
    drawn, _ = layer.weights_at(tf.constant([1, 2]), layer.width)
    assert np.std(drawn - mean) == pytest.approx(0.5, rel=0.03)


def test_a_layer_that_does_not_say_its_weights_is_not_made():
    class Layer(SeededWeights, tf_keras.layers.Dense):
        width = 1.0
        means = (0.0, 0.0)

    with pytest.raises(TypeError, match="weights_at"):
        Layer(3)
