"""PNG, TIFF, BMP and JPEG through Pillow."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from tfuq.data.volume import Volume
from tfuq.errors import DataError

# Rows run down and columns to the right, as in a radiograph: what viewers make of an image that says no more.
_ROWS_DOWN = np.array([[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")


def read_image(path: Path) -> Volume:
    """Read a grey or RGB image as a volume ``[rows, columns, 1(, 3)]`` of 1 mm voxels; transparency is dropped.

    Raises:
        DataError: unreadable, truncated or too large.
    """
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image.load()
            pixels = np.asarray(image if image.mode in ("1", "L", "I", "F", "RGB") or "16" in image.mode else _plain(image))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        reason = " ".join(str(error).split())[:160]
        raise DataError(f"{path}: not a readable image ({reason}); replace it with an intact copy") from error
    return Volume(pixels.astype(np.float32)[:, :, None], _ROWS_DOWN.copy(), (0, 1), 2)


def _plain(image: Image.Image) -> Image.Image:
    """Palettes hold label values as their indices; anything else loses its transparency."""
    if image.mode == "P":
        return Image.fromarray(np.asarray(image))
    return image.convert("L" if image.mode == "LA" else "RGB")
