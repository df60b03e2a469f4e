"""DICOM RTDOSE: the dose of a treatment plan on a grid of its own.

References:
    DICOM PS3.3, C.8.8.3 RT Dose Module.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

from tfuq.data.budget import require_memory
from tfuq.data.headers import SpatialHeader
from tfuq.data.readers.dicom.marks import RT_DOSE, is_of_class
from tfuq.data.readers.dicom_objects import (
    TO_RAS,
    numbers,
    opened,
    required,
)
from tfuq.data.volume import Volume, require_affine, require_finite
from tfuq.errors import DataError

_KIND = "RTDOSE"
WHOLE = ("PLAN", "MULTI_PLAN")  # of DoseSummationType: nothing of the treatment is left out
_TYPES = ("PHYSICAL", "EFFECTIVE")  # of DoseType; the third, ERROR, is a difference
_VOXEL_BYTES = 24  # while a dose is decoded and scaled
_UNEVEN = 0.01  # by which distances of planes may differ
_SAME_PLACE = 0.01  # mm
_ORTHOGONAL = 1e-3


@dataclass(frozen=True, kw_only=True)
class Dose:
    """A dose on its own grid.

    Attributes:
        volume: ``[X, Y, Z]`` in Gy.
        frame_of_reference: The UID of the coordinates that it is in; None where it is not known.
    """

    volume: Volume
    frame_of_reference: str | None


def is_rtdose(path: Path) -> bool:
    """Whether a file is RTDOSE, by its content."""
    return is_of_class(path, RT_DOSE)


def is_whole_plan(path: Path) -> bool:
    """Whether a file of RTDOSE holds the dose of a whole plan, and not of a beam or fraction."""
    with opened(path, _KIND) as dataset:
        return dataset.get("DoseSummationType") in WHOLE


def read_rtdose(path: Path) -> Dose:
    """Read the dose of a whole plan.

    Args:
        path: A file of RTDOSE.

    Raises:
        DataError: Unreadable, not in Gy, not of a whole plan, or planes at uneven distances.
    """
    with opened(path, _KIND) as dataset:
        _require_gray(path, dataset)
        affine = _affine(dataset)
        require_affine(affine)
        array = _scaled(dataset)
        frame = dataset.get("FrameOfReferenceUID")
    require_finite(path, array)
    volume = Volume(array, affine, SpatialHeader.of_affine(affine))
    return Dose(volume=volume, frame_of_reference=str(frame) if frame else None)


def _require_gray(path: Path, dataset: pydicom.Dataset) -> None:
    if dataset.get("SOPClassUID") != RT_DOSE:
        raise DataError(f"{path}: is DICOM, but no RTDOSE; export the dose of the plan")
    units = dataset.get("DoseUnits")
    if units != "GY":
        raise DataError(
            f"{path}: its DoseUnits are {units}, and must be GY; export the dose in Gy, not "
            "relative to a prescription"
        )
    summation = dataset.get("DoseSummationType")
    if summation not in WHOLE:
        raise DataError(
            f"{path}: its DoseSummationType is {summation}, and must be {' or '.join(WHOLE)}; "
            "export the dose of the whole plan"
        )
    kind = dataset.get("DoseType")
    if kind not in _TYPES:
        raise DataError(
            f"{path}: its DoseType is {kind}, and must be {' or '.join(_TYPES)}; "
            "export the dose of the plan"
        )


def _affine(dataset: pydicom.Dataset) -> np.ndarray:
    """From voxels (column, row, plane) to millimetres, ``[4, 4]``."""
    directions = _directions(dataset)
    row_distance, column_distance = numbers(dataset, "PixelSpacing", 2)
    origin = numbers(dataset, "ImagePositionPatient", 3)
    affine = np.eye(4)
    affine[:3, 0] = directions[0] * column_distance
    affine[:3, 1] = directions[1] * row_distance
    affine[:3, 2] = directions[2] * _plane_distance(dataset, directions[2], origin[2])
    affine[:3, 3] = origin
    ras: np.ndarray = TO_RAS @ affine
    return ras


def _directions(dataset: pydicom.Dataset) -> np.ndarray:
    """Unit vectors along a row, along a column, and across the planes, ``[3, 3]``, a row each."""
    row, column = numbers(dataset, "ImageOrientationPatient", 6).reshape(2, 3)
    lengths = np.linalg.norm([row, column], axis=1)
    if not np.allclose(lengths, 1, atol=_ORTHOGONAL) or abs(row @ column) > _ORTHOGONAL:
        raise ValueError("its ImageOrientationPatient is no pair of orthogonal directions")
    row = row / lengths[0]
    column = column / lengths[1]
    return np.stack([row, column, np.cross(row, column)])


def _plane_distance(dataset: pydicom.Dataset, normal: np.ndarray, first_z: float) -> float:
    """The distance of planes along their normal in mm; negative where they go against it.

    Offsets that begin with 0 are along the normal. Those that begin with the first plane's z are
    z themselves, which only planes across z can have.
    """
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames == 1:
        return float(numbers(dataset, "SliceThickness", 1)[0])
    offsets = numbers(dataset, "GridFrameOffsetVector", frames)
    sign = 1.0
    if offsets[0] != 0:
        is_across_z = abs(abs(normal[2]) - 1) < _ORTHOGONAL
        if not is_across_z or abs(offsets[0] - first_z) > _SAME_PLACE:
            raise ValueError(
                f"its GridFrameOffsetVector begins with {offsets[0]:g}, which is neither 0 nor the "
                f"z of planes across z, {first_z:g}"
            )
        sign = float(np.sign(normal[2]))
    steps = np.diff(offsets)
    mean = (offsets[-1] - offsets[0]) / (frames - 1)
    if np.abs(steps - mean).max() > max(_UNEVEN * abs(mean), _SAME_PLACE):
        raise ValueError(
            f"its planes are {np.abs(steps).min():g} to {np.abs(steps).max():g} mm apart; "
            "tfuq needs even distances"
        )
    return float(sign * mean)


def _scaled(dataset: pydicom.Dataset) -> np.ndarray:
    """The dose in Gy, float32 ``[columns, rows, planes]``."""
    frames = int(dataset.get("NumberOfFrames") or 1)
    rows = int(str(required(dataset, "Rows")))
    columns = int(str(required(dataset, "Columns")))
    require_memory([frames, rows, columns], _VOXEL_BYTES)
    scale = numbers(dataset, "DoseGridScaling", 1)[0]
    pixels = dataset.pixel_array.reshape(frames, rows, columns)
    dose: np.ndarray = (pixels.transpose(2, 1, 0) * scale).astype(np.float32)
    return dose
