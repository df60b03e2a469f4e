"""A case's image, read from its channels."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from tfuq.data.case import Case
from tfuq.data.cases.grids import on_axes_of, require_same_grid
from tfuq.data.readers import read, read_orientation
from tfuq.data.readers.idx import read_idx
from tfuq.data.readers.images import as_volume
from tfuq.data.volume import Volume
from tfuq.errors import DataError


def read_case_image(case: Case) -> Volume:
    """Read the channels as one volume ``[X, Y, Z, C]``.

    Raises:
        DataError: Channels of different grids, a constant channel.
    """
    channels = [_read_channel(case, path) for path in case.images]
    channels = [on_axes_of(channels[0], channel) for channel in channels]
    for path, channel in zip(case.images[1:], channels[1:], strict=True):
        require_same_grid(case.images[0], channels[0], path, channel)
    arrays = [_with_channel_axis(channel.array) for channel in channels]
    array = np.concatenate(arrays, axis=-1)
    image = channels[0].with_array(array)
    # A blank image among thousands in one file is data; z-scoring it by itself is refused where
    # that is asked for.
    if case.row is None:
        _require_contrast(case, image)
    return image


def read_case_orientation(case: Case) -> str:
    """Read where the axes of a case's image point, such as ``RAS``.

    Raises:
        DataError: The file cannot be read.
    """
    return read_orientation(case.images[0], case.pixel_mm, case.series)


def _read_channel(case: Case, path: Path) -> Volume:
    if case.row is None:
        return read(path, case.pixel_mm, case.series)
    return as_volume(_stack(path)[case.row].astype(np.float32))


def _with_channel_axis(array: np.ndarray) -> np.ndarray:
    return array if array.ndim == 4 else array[..., None]


def _require_contrast(case: Case, image: Volume) -> None:
    for index in range(image.array.shape[-1]):
        values = image.array[..., index]
        if values.min() == values.max():
            path = case.images[min(index, len(case.images) - 1)]
            raise DataError(
                f"{path}: channel {index} is constant ({values.flat[0]:g}); "
                "exclude the case or mend the file"
            )


@lru_cache(maxsize=4)
def _stack(path: Path) -> np.ndarray:
    """All images of an IDX file, which is read once for all of its cases."""
    return read_idx(path)
