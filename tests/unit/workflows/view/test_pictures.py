"""Pictures as PNG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tfuq.data.readers.images import as_volume
from tfuq.workflows.view.pictures import png_bytes


def shown(array):
    return np.asarray(Image.open(io.BytesIO(png_bytes(as_volume(array)))))


def test_colours_are_kept():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 7, 3)).astype(np.float32)
    np.testing.assert_array_equal(shown(pixels), pixels)


def test_greys_reach_from_black_to_white():
    pixels = np.array([[-10.0, 0, 10]])[..., None]
    np.testing.assert_array_equal(shown(pixels), [[0, 128, 255]])
    np.testing.assert_array_equal(shown(np.full((2, 2, 1), 7.0)), np.zeros((2, 2)))
