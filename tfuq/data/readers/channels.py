"""How many channels a file has, told by its header where that is possible."""

from __future__ import annotations

import math
from pathlib import Path

from tfuq.data.readers import read
from tfuq.data.readers.dicom.marks import is_dicom
from tfuq.data.readers.images import is_plain_image, read_image_bands
from tfuq.data.readers.nifti import NIFTI_SUFFIXES, read_shape


def channel_count(path: Path) -> int:
    """Tell the number of a file's channels.

    Args:
        path: The file. Of NIfTI files and plain images the header is read, of others all;
            DICOM has one channel.

    Raises:
        DataError: As `tfuq.data.readers.read`.
    """
    if is_dicom(path):
        return 1
    if path.is_file() and is_plain_image(path):
        return read_image_bands(path)
    if path.is_file() and path.name.lower().endswith(NIFTI_SUFFIXES):
        return _channels_of(read_shape(path))
    return _channels_of(read(path).array.shape)


def _channels_of(shape: tuple[int, ...]) -> int:
    """The channels of ``(X, Y, Z, C)``, or of ITK's ``(X, Y, Z, 1, C)``."""
    return math.prod(shape[3:])
