"""PNG, TIFF, BMP and JPEG through Pillow."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from tfuq.data.budget import MemoryShortageError, require_memory
from tfuq.data.readers.quiet import quiet_stderr
from tfuq.data.volume import Volume, require_finite
from tfuq.errors import DataError

# Rows run down and columns to the right, as in a radiograph: what viewers make of an image that says no more.
# What a file's content may be, whatever its name: Pillow has decoders of many rare formats, one of which runs a program.
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
_ROWS_DOWN = np.array([[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
_READING_BYTES = 20  # a band of a pixel as it is decoded, and as float32 twice
IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")


def read_image(path: Path, pixel_mm: float | None = None) -> Volume:
    """Read a grey or RGB image as a volume ``[rows, columns, 1(, 3)]``; transparency is dropped.

    Args:
        path: of the file. What it may say of its resolution is not used: it is the printer's more often than the scanner's.
        pixel_mm: how wide a pixel is, in mm. Without it, spacing and affine are in pixels.

    Raises:
        DataError: unreadable, truncated, larger than memory, several images in one file, or NaN or infinite pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            pixels = _pixels(path).astype(np.float32)
    except MemoryShortageError as error:
        raise MemoryShortageError(f"{path}: {error}") from error
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(f"{path}: not a readable image ({reason}); replace it with an intact copy") from error
    require_finite(path, pixels)
    return as_volume(pixels, pixel_mm)


def as_volume(pixels: np.ndarray, pixel_mm: float | None = None) -> Volume:
    """Make an image ``[rows, columns(, C)]`` a volume of one slice, 1 thick, whose pixels are 1 wide or ``pixel_mm``."""
    width = pixel_mm or 1.0
    affine = _ROWS_DOWN @ np.diag([width, width, 1.0, 1.0])
    return Volume(pixels.astype(np.float32)[:, :, None], affine, (0, 1), 2)


def is_plain_image(path: Path) -> bool:
    """Say whether the name is that of a plain image, which does not say how wide its pixels are."""
    return path.name.lower().endswith(IMAGE_SUFFIXES)


def _pixels(path: Path) -> np.ndarray:
    with quiet_stderr(), Image.open(path, formats=_FORMATS) as image:
        if image.format == "TIFF" and image.n_frames > 1:
            raise ValueError(f"it holds {image.n_frames} images where one is read; save a stack as NIfTI")
        require_memory([image.height, image.width, len(image.getbands())], _READING_BYTES, "pixels")
        image.load()
        return np.asarray(image if image.mode in ("1", "L", "I", "F", "RGB") or "16" in image.mode else _plain(image))


def _plain(image: Image.Image) -> Image.Image:
    """Palettes hold label values as their indices; anything else loses its transparency."""
    if image.mode == "P":
        return Image.fromarray(np.asarray(image))
    return image.convert("L" if image.mode == "LA" else "RGB")
