"""Linear interpolation, against SciPy's."""

import numpy as np
import pytest
from scipy import ndimage

from tfuq.sampling.interpolation import linear_at


@pytest.mark.parametrize("space", [(5, 7), (4, 1, 6)])
def test_values_between_and_beyond_voxels_are_those_of_scipy(space):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, *space, 3)).astype(np.float32)
    positions = rng.uniform(-3, 9, (2, 11, len(space))).astype(np.float32)
    found = linear_at(values, positions).numpy()
    for example in range(2):
        for channel in range(3):
            expected = ndimage.map_coordinates(
                values[example, ..., channel], positions[example].T, order=1, mode="nearest"
            )
            np.testing.assert_allclose(found[example, :, channel], expected, atol=1e-5)


def test_whole_voxels_keep_their_bytes():
    values = np.random.default_rng(0).normal(size=(1, 4, 5, 2)).astype(np.float32)
    places = np.stack(np.indices((4, 5), np.float32), -1)[None]
    assert linear_at(values, places).numpy().tobytes() == values.tobytes()
