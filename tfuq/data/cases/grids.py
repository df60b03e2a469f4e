"""Files of a case that must lie on one grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfuq.data.case import Case
from tfuq.data.cases.structures import read_structures
from tfuq.data.readers import read_label_file
from tfuq.data.readers.dicom.marks import is_structure_set
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.data.volume import Volume, with_axes_of
from tfuq.errors import DataError


def read_on_grid(path: Path, case: Case, image: Volume) -> Volume:
    """Read a label or mask on the grid of its case's image; its axes may have another order.

    Args:
        path: The file.
        case: The case.
        image: The case's image.

    Returns:
        The label or mask ``[X, Y, Z]``, of the file's own data type; of a structure set, classes.

    Raises:
        DataError: It is on another grid, or has several channels that differ.
    """
    if is_structure_set(path):
        return read_structures(path, case, image)
    label = rounded(read_label_file(path, case.pixel_mm), case.label_tolerance)
    if label.array.ndim == 4:
        if (label.array != label.array[..., :1]).any():
            raise DataError(
                f"{path}: has {label.array.shape[-1]} channels that differ; "
                "a label needs one, of class values"
            )
        label = label.with_array(label.array[..., 0])
    label = on_axes_of(image, label)
    image_path = case.images[0] if case.images else Path(case.id)
    require_same_grid(image_path, image, path, label)
    return label


def rounded(label: Volume, tolerance: float) -> Volume:
    """Round the values that lie within a tolerance of a whole number; others stay."""
    if not tolerance or label.array.dtype.kind != "f":
        return label
    whole = np.rint(label.array)
    is_near = np.abs(label.array - whole) <= tolerance
    return label.with_array(np.where(is_near, whole, label.array))


def on_axes_of(image: Volume, volume: Volume) -> Volume:
    """The volume, its axes in the image's order where that is all in which their grids differ."""
    reordered = with_axes_of(volume, image)
    return reordered if reordered.same_grid(image) else volume


def require_same_grid(first_path: Path, first: Volume, second_path: Path, second: Volume) -> None:
    """Refuse files of different grids.

    Args:
        first_path: The first file, for messages.
        first: Its content.
        second_path: The second file, for messages.
        second: Its content.

    Raises:
        DataError: Shapes or affines differ.
    """
    if first.shape != second.shape:
        raise DataError(
            f"{second_path}: shape {second.shape} differs from {first.shape} of {first_path.name}; "
            "resample one of them"
        )
    if not first.same_grid(second):
        remedy = ""
        if is_plain_image(first_path) != is_plain_image(second_path):
            remedy = ", or set data.pixel_mm to the width in mm of the plain image's pixels"
        raise DataError(
            f"{second_path}: affine differs from that of {first_path.name}; "
            f"resample one of them or correct its header{remedy}"
        )
