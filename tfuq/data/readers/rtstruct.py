"""DICOM RTSTRUCT: contours of regions of interest (ROIs), drawn on the planes of a scan.

References:
    DICOM PS3.3, C.8.8.5 Structure Set Module and C.8.8.6 ROI Contour Module.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse
from tfuq.data.readers.dicom.marks import RT_STRUCTURE_SET
from tfuq.data.readers.dicom_objects import (
    TO_RAS,
    numbers,
    opened,
    required,
)
from tfuq.errors import DataError

if TYPE_CHECKING:
    import pydicom
else:
    pydicom = ModuleOnUse("pydicom")

_KIND = "RTSTRUCT"
_AREAS = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")  # of ContourGeometricType; others have no area
_LEAST_POINTS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Roi:
    """A region of interest.

    Attributes:
        name: As whoever drew it named it.
        contours: Closed contours in a plane, in mm: each ``[n, 3]``, without the first point again.
        without_area: How many further contours are points or lines.
        frame_of_reference: The UID of the coordinates that they are in; None if it is not known.
    """

    name: str
    contours: tuple[np.ndarray, ...]
    without_area: int
    frame_of_reference: str | None


def read_structure_set(path: Path) -> tuple[Roi, ...]:
    """Read the regions of interest of a structure set, in its order.

    Raises:
        DataError: It cannot be read, or is no structure set.
    """
    state = path.stat()
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _read(path: Path, *_: int) -> tuple[Roi, ...]:
    """Read a file once, as long as it stays the same."""
    with opened(path, _KIND) as dataset:
        if dataset.get("SOPClassUID") != RT_STRUCTURE_SET:
            raise DataError(f"{path}: is DICOM, but no RTSTRUCT; export the structure set")
        contours = _contours_by_number(dataset)
        rois = []
        for item in dataset.get("StructureSetROISequence") or ():
            drawn = contours.get(int(str(required(item, "ROINumber"))), [])
            rois.append(_roi(item, drawn))
        if not rois:
            raise ValueError("it has no region of interest")
        return tuple(rois)


def _contours_by_number(dataset: pydicom.Dataset) -> dict[int, list[pydicom.Dataset]]:
    contours: dict[int, list[pydicom.Dataset]] = {}
    for item in dataset.get("ROIContourSequence") or ():
        number = int(str(required(item, "ReferencedROINumber")))
        contours.setdefault(number, []).extend(item.get("ContourSequence") or ())
    return contours


def _roi(item: pydicom.Dataset, drawn: list[pydicom.Dataset]) -> Roi:
    contours = []
    for contour in drawn:
        points = numbers(contour, "ContourData").reshape(-1, 3) @ TO_RAS[:3, :3]
        has_area = contour.get("ContourGeometricType") in _AREAS
        if has_area and len(points) >= _LEAST_POINTS:
            contours.append(points)
    frame = item.get("ReferencedFrameOfReferenceUID")
    return Roi(
        name=str(required(item, "ROIName")).strip(),
        contours=tuple(contours),
        without_area=len(drawn) - len(contours),
        frame_of_reference=str(frame) if frame else None,
    )
