"""Plain images as PNG for the page."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tfuq.data.volume import Volume

_RGB = 3
_MOST = 255


def png_bytes(image: Volume) -> bytes:
    """The image as a PNG: colours as they are, and greys from the least to the largest value.

    Args:
        image: of one slice, ``[rows, columns, 1, C]``.
    """
    pixels = image.array[:, :, 0]
    if pixels.shape[-1] == _RGB and pixels.min() >= 0 and pixels.max() <= _MOST:
        shown = np.rint(pixels).astype(np.uint8)
    else:
        shown = _stretched(pixels[..., 0])
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _stretched(pixels: np.ndarray) -> np.ndarray:
    low = float(pixels.min())
    span = float(pixels.max()) - low
    if not span:
        return np.zeros(pixels.shape, np.uint8)
    return np.rint((pixels - low) * (_MOST / span)).astype(np.uint8)
