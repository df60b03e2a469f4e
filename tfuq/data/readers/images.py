"""PNG, TIFF, BMP and JPEG through Pillow."""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from tfuq.data.budget import MemoryShortageError, require_memory
from tfuq.data.headers import SpatialHeader
from tfuq.data.readers.quiet import quiet_stderr
from tfuq.data.volume import Volume, require_finite
from tfuq.errors import DataError

# What a file's content may be, whatever its name. Pillow has decoders of many rare formats, one of
# which runs a program.
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
# Rows run down and columns to the right, as in a radiograph: what viewers make of an image that
# says no more.
_ROWS_DOWN = np.array([[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
_CODES = (0, 1)  # qform and sform
_PLAIN_MODES = ("1", "L", "I", "F", "RGB")  # of Pillow, whose pixels are taken as they are
_READING_BYTES = 20  # a band of a pixel as it is decoded, and as float32 twice
_MOST_REASON = 160  # characters of an error that a message quotes
IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")


def read_image(path: Path, pixel_mm: float | None = None) -> Volume:
    """Read a grey or RGB image as a volume; transparency is dropped.

    Args:
        path: The file. What it may say of its resolution is not used: it is the printer's more
            often than the scanner's.
        pixel_mm: The width of a pixel in mm. Without it, spacing and affine are in pixels.

    Returns:
        The volume ``[rows, columns, 1(, 3)]``, float32.

    Raises:
        DataError: Unreadable, truncated, larger than memory, several images in one file, or NaN or
            infinite pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            pixels = _pixels(path).astype(np.float32)
    except MemoryShortageError as error:
        raise MemoryShortageError(f"{path}: {error}") from error
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        reason = " ".join(str(error).split())[:_MOST_REASON] or type(error).__name__
        raise DataError(
            f"{path}: not a readable image ({reason}); replace it with an intact copy"
        ) from error
    require_finite(path, pixels)
    return as_volume(pixels, pixel_mm)


def as_volume(pixels: np.ndarray, pixel_mm: float | None = None) -> Volume:
    """Make an image a volume of one slice, which is 1 thick.

    Args:
        pixels: The image ``[rows, columns(, C)]``.
        pixel_mm: The width of a pixel in mm; without it, pixels are 1 wide.
    """
    width = pixel_mm or 1.0
    array = pixels.astype(np.float32)[:, :, None]
    return Volume(array, _affine(width), _header(width), ndim=2)


def _affine(width: float) -> np.ndarray:
    affine: np.ndarray = _ROWS_DOWN @ np.diag([width, width, 1.0, 1.0])
    return affine


@lru_cache(maxsize=4)
def _header(width: float) -> SpatialHeader:
    """Of what is written for an image; data sets of many small images share it."""
    return SpatialHeader.of_affine(_affine(width), _CODES)


def is_plain_image(path: Path) -> bool:
    """Whether the name is that of a plain image, which does not say how wide its pixels are."""
    return path.name.lower().endswith(IMAGE_SUFFIXES)


def _pixels(path: Path) -> np.ndarray:
    with quiet_stderr(), Image.open(path, formats=_FORMATS) as image:
        frames = getattr(image, "n_frames", 1)
        if image.format == "TIFF" and frames > 1:
            raise ValueError(f"it holds {frames} images where one is read; save a stack as NIfTI")
        shape = [image.height, image.width, len(image.getbands())]
        require_memory(shape, _READING_BYTES, "pixels")
        image.load()
        if image.mode in _PLAIN_MODES or "16" in image.mode:
            return np.asarray(image)
        return np.asarray(_plain(image))


def _plain(image: Image.Image) -> Image.Image:
    """Palettes hold label values as their indices; anything else loses its transparency."""
    if image.mode == "P":
        return Image.fromarray(np.asarray(image))
    if image.mode == "LA":
        return image.convert("L")
    return image.convert("RGB")
