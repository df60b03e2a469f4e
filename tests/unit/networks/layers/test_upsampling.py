"""Linear up-sampling."""

import numpy as np
import pytest

from tests.support import references
from tfuq.networks.layers.upsampling import LinearUpsampling


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
