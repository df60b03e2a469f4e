"""PNG, TIFF, BMP and JPEG through Pillow."""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.budget import require_memory
from tfuq.data.headers import SpatialHeader
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.readers.damage import naming_damage
from tfuq.data.readers.quiet import quiet_stderr
from tfuq.data.volume import Volume, require_finite

if TYPE_CHECKING:
    from PIL import Image, ImageOps, TiffImagePlugin
else:
    Image = ModuleOnUse("PIL.Image")
    ImageOps = ModuleOnUse("PIL.ImageOps")
    TiffImagePlugin = ModuleOnUse("PIL.TiffImagePlugin")

# What a file's content may be, whatever its name. Pillow has decoders of many rare formats, one of
# which runs a program.
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
# Rows run down and columns to the right, as in a radiograph: what viewers make of an image that
# says no more.
_ROWS_DOWN = np.array([[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
_CODES = (0, 1)  # qform and sform
_PLAIN_MODES = ("1", "L", "I", "F", "RGB")  # of Pillow, whose pixels are taken as they are
_PALETTES = ("P", "PA")  # of Pillow, whose pixels are indices
_WHITE_IS_ZERO = 0  # TIFF's PhotometricInterpretation
_UNSIGNED = 1  # TIFF's SampleFormat
_READING_BYTES = 20  # a band of a pixel as it is decoded, and as float32 twice


def read_image(path: Path, pixel_mm: float | None = None) -> Volume:
    """Read a grey or RGB image as a volume, as a viewer shows it.

    The orientation that the file tells (EXIF, TIFF) is applied. A palette stands for its colours; a
    palette of greys alone is a grey image. Transparency is dropped.

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
    pixels = _read(path, is_label=False).astype(np.float32)
    require_finite(path, pixels)
    return as_volume(pixels, pixel_mm)


def read_image_label(path: Path, pixel_mm: float | None = None) -> Volume:
    """Read a label; as `read_image`, but palettes stand for their indices.

    Returns:
        The volume ``[rows, columns, 1(, 3)]``, of the file's own data type.
    """
    pixels = _read(path, is_label=True)
    require_finite(path, pixels)
    return as_volume(pixels, pixel_mm)


def read_image_bands(path: Path) -> int:
    """Read how many channels `read_image` gives of a file, from its header.

    Raises:
        DataError: As `read_image`.
    """
    try:
        with warnings.catch_warnings(), quiet_stderr():
            warnings.simplefilter("ignore")
            with path.open("rb") as file, Image.open(file, formats=_FORMATS) as image:
                if _is_grey(image):
                    return 1
    except Exception:  # `read_image` says what is wrong
        shape = read_image(path).array.shape
        return shape[3] if len(shape) > 3 else 1
    return 3


def as_volume(pixels: np.ndarray, pixel_mm: float | None = None) -> Volume:
    """Make an image a volume of one slice, which is 1 thick.

    Args:
        pixels: The image ``[rows, columns(, C)]``.
        pixel_mm: The width of a pixel in mm; without it, pixels are 1 wide.
    """
    width = pixel_mm or 1.0
    unit = "mm" if pixel_mm else "unknown"
    return Volume(pixels[:, :, None], _affine(width), _header(width, unit), ndim=2)


def _affine(width: float) -> np.ndarray:
    affine: np.ndarray = _ROWS_DOWN @ np.diag([width, width, 1.0, 1.0])
    return affine


@lru_cache(maxsize=4)
def _header(width: float, unit: str) -> SpatialHeader:
    """Of what is written for an image; data sets of many small images share it."""
    return SpatialHeader.of_affine(_affine(width), _CODES, unit=unit)


def _read(path: Path, *, is_label: bool) -> np.ndarray:
    """The pixels ``[rows, columns(, 3)]`` of a file."""
    with naming_damage(path, "image"):
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return _pixels(path, is_label=is_label)


def _pixels(path: Path, *, is_label: bool) -> np.ndarray:
    # Of a file that Pillow has opened itself it maps TIFFs into memory, and scrambles turned ones.
    with quiet_stderr(), path.open("rb") as file, Image.open(file, formats=_FORMATS) as image:
        frames = getattr(image, "n_frames", 1)
        if image.format == "TIFF" and frames > 1:
            raise ValueError(f"it holds {frames} images where one is read; save a stack as NIfTI")
        require_memory([image.height, image.width, _bands(image)], _READING_BYTES, "pixels")
        image.load()
        # Pillow has turned a TIFF as it loaded it, and taken its orientation away.
        turned = ImageOps.exif_transpose(image)
        pixels = np.asarray(_plain(turned, is_label=is_label))
        if pixels.dtype == bool:
            return pixels.astype(np.uint8)
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            return _as_meant(image, pixels)
        return pixels


def _bands(image: Image.Image) -> int:
    if image.mode in _PALETTES:
        return 3
    return len(image.getbands())


def _plain(image: Image.Image, *, is_label: bool) -> Image.Image:
    """The image without palette and transparency."""
    if image.mode in _PLAIN_MODES or "16" in image.mode:
        return image
    if image.mode in _PALETTES and is_label:
        return image.getchannel(0)
    if _is_grey(image):
        return image.convert("L")
    return image.convert("RGB")


def _is_grey(image: Image.Image) -> bool:
    """Whether the image has one channel, whatever its file has beside."""
    if image.mode == "RGB":
        return False
    if image.mode in (*_PLAIN_MODES, "LA") or "16" in image.mode:
        return True
    return _is_grey_palette(image)


def _is_grey_palette(image: Image.Image) -> bool:
    if image.mode not in _PALETTES:
        return False
    colours = np.array(image.getpalette("RGB")).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def _as_meant(image: TiffImagePlugin.TiffImageFile, pixels: np.ndarray) -> np.ndarray:
    """Mend what Pillow leaves of a TIFF: 16 bits whose 0 is white, and the sign of 32 bits."""
    photometric = image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION)
    (sample_format, *_) = image.tag_v2.get(TiffImagePlugin.SAMPLEFORMAT, (_UNSIGNED,))
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2 and photometric == _WHITE_IS_ZERO:
        return np.iinfo(np.uint16).max - pixels
    (bits, *_) = image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (1,))
    if pixels.dtype == np.int32 and bits == 32 and sample_format == _UNSIGNED:
        return pixels.view(np.uint32)
    return pixels
