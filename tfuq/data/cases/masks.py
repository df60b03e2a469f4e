"""Where the preprocessing looks in a case."""

from __future__ import annotations

import numpy as np

from tfuq.config import Config
from tfuq.data.case import Case
from tfuq.data.cases.grids import read_on_grid
from tfuq.data.volume import Volume
from tfuq.errors import DataError


def read_mask(config: Config, case: Case, image: Volume) -> Volume | None:
    """Read where the configured preprocessing looks.

    Returns:
        0 and 1 on the image's grid; None where it looks everywhere.

    Raises:
        DataError: The case has neither a mask nor a label to take one from, it is on another grid,
            or nothing is inside.
    """
    values = config.preprocessing.crop_to_labels
    if not values:
        return None
    path = case.mask or case.label
    if path is None:
        raise DataError(
            f"case '{case.id}' has no label, and preprocessing.crop_to_labels needs one or a mask; "
            "give it by --mask FILE_OR_FOLDER"
        )
    volume = read_on_grid(path, case, image)
    if case.mask:
        inside = volume.array > 0
        wanted = "voxel above 0"
    else:
        inside = np.isin(volume.array, values)
        wanted = f"voxel of the values {values} that preprocessing.crop_to_labels names"
    if not inside.any():
        raise DataError(f"{path}: has no {wanted}; correct the file, or exclude the case")
    return volume.with_array(inside.astype(np.uint8))
