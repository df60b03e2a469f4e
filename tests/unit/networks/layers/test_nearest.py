"""Up-sampling to nearest neighbours, beside the layers of tf_keras."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tfuq.networks.layers.nearest import NearestUpsampling

OF_KERAS = {2: tf_keras.layers.UpSampling2D, 3: tf_keras.layers.UpSampling3D}


def with_gradient(layer, x, weights, *, jit_compile=False):
    """What a layer makes of ``x``, and the gradient of its weighted sum."""

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            total = tf.reduce_sum(y * weights)
        return y, tape.gradient(total, x)

    y, gradient = tf.function(run, autograph=False, jit_compile=jit_compile)(x)
    return y.numpy(), gradient.numpy()


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(("shape", "factor"), [((3, 5, 4), 2), ((4, 2, 3), 3), ((3, 2, 4, 2), 2)])
def test_bytes_and_gradients_are_those_of_keras(shape, factor, jit_compile):
    *space, channels = shape
    x = tf.random.stateless_normal([2, *shape], [1, 2])
    weights = tf.random.stateless_normal([2, *(factor * n for n in space), channels], [3, 4])
    expected = with_gradient(OF_KERAS[len(space)](factor), x, weights)
    found = with_gradient(NearestUpsampling(factor), x, weights, jit_compile=jit_compile)
    for array, of_keras in zip(found, expected, strict=True):
        assert array.tobytes() == of_keras.tobytes()
    assert np.ptp(found[0]) > 0
