"""A missing modality."""

import numpy as np
import pytest

from tests.support.subjects import ellipsoid
from tfuq.data.perturbations.missing import missing_modality


@pytest.mark.parametrize("severity", [0.25, 1.0])
def test_a_channel_fades_to_its_own_mean(severity):
    array = ellipsoid().image.array
    without = missing_modality(ellipsoid(), severity, np.random.default_rng(0), channel=1)
    mean = array[..., 1].mean()
    expected = (1 - severity) * array[..., 1] + severity * mean
    np.testing.assert_allclose(without.image.array[..., 1], expected, atol=1e-6)
    np.testing.assert_array_equal(without.image.array[..., 0], array[..., 0])
