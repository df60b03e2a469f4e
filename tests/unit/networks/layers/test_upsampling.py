"""Up-sampling."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references
from tfuq.networks.layers.upsampling import LinearUpsampling, SubPixels


@pytest.mark.parametrize("shape", [(3, 4), (3, 2, 5)])
@pytest.mark.parametrize("factor", [2, 4])
def test_linear_upsampling_against_the_reference(shape, factor):
    x = np.random.default_rng(0).normal(size=(2, *shape, 3)).astype(np.float32)
    found = LinearUpsampling(factor)(x).numpy()
    for n in range(2):
        for c in range(3):
            np.testing.assert_allclose(
                found[n, ..., c], references.linearly_enlarged(x[n, ..., c], factor), atol=1e-5
            )


@pytest.mark.parametrize(("shape", "factors"), [((3, 4), (2, 2)), ((3, 2, 5), (2, 1, 2))])
def test_sub_pixels_make_a_transposed_convolution_of_one_of_size_one(shape, factors):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *shape, 3)).astype(np.float32)
    kernel = rng.normal(size=(*factors, 4, 3)).astype(np.float32)  # [*size, outputs, inputs]
    products = np.tensordot(x, kernel.reshape(-1, 3), (-1, 1))
    found = SubPixels(factors)(products)
    size = [n * factor for n, factor in zip(shape, factors, strict=True)]
    expected = tf.nn.conv_transpose(x, kernel, [2, *size, 4], strides=factors, padding="SAME")
    np.testing.assert_allclose(found, expected, atol=1e-5)
