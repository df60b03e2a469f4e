"""Plain images as volumes of one slice."""

import numpy as np
import pytest
from PIL import Image

from tfuq.data.readers import read


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_images_read_as_one_slice(tmp_path, suffix):
    grey = np.random.default_rng(0).integers(0, 255, (6, 9), dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / f"a{suffix}")
    volume = read(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(volume.array[:, :, 0], grey)
    rgb = np.random.default_rng(0).integers(0, 255, (6, 9, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(tmp_path / f"b{suffix}")
    assert read(tmp_path / f"b{suffix}").array.shape == (6, 9, 1, 3)
