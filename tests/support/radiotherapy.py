"""DICOM RTDOSE and RTSTRUCT as a planning system writes them, made by pydicom of arrays and contours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tfuq.data.readers.dicom.marks import RT_DOSE, RT_STRUCTURE_SET

FRAME = "1.2.826.0.1.3680043.8.498.1"
OTHER_FRAME = "1.2.826.0.1.3680043.8.498.2"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_LPS = np.array([-1.0, -1.0, 1.0])


def _new(class_uid: str, modality: str) -> Dataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = class_uid
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID = class_uid
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality = modality
    return dataset


def _save(dataset: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def places_of_dose(origin, orientation, spacing, offsets, shape) -> np.ndarray:
    """Where each pixel of a dose lies in DICOM's own coordinates, by the definitions of the standard.

    Args:
        origin: ImagePositionPatient.
        orientation: ImageOrientationPatient.
        spacing: PixelSpacing: of rows, then of columns.
        offsets: Of the planes along their normal, from the first on.
        shape: Planes, rows, columns.

    Returns:
        ``[planes, rows, columns, 3]`` in mm.
    """
    along_row, along_column = np.array(orientation, float).reshape(2, 3)
    normal = np.cross(along_row, along_column)
    places = np.empty((*shape, 3))
    for plane in range(shape[0]):
        for row in range(shape[1]):
            for column in range(shape[2]):
                place = np.array(origin, float) + normal * offsets[plane]
                place = place + along_column * (row * spacing[0])
                places[plane, row, column] = place + along_row * (column * spacing[1])
    return places


def write_rtdose(
    path: Path,
    dose: np.ndarray,
    *,
    origin=(0.0, 0.0, 0.0),
    orientation=AXIAL,
    spacing=(2.0, 2.0),
    offsets=None,
    scale: float = 1e-6,
    **elements,
) -> Path:
    """Write a dose ``[planes, rows, columns]`` in Gy; ``elements`` replace those of a plan's dose."""
    dataset = _new(RT_DOSE, "RTDOSE")
    planes, rows, columns = dose.shape
    dataset.FrameOfReferenceUID = FRAME
    dataset.DoseUnits = "GY"
    dataset.DoseType = "PHYSICAL"
    dataset.DoseSummationType = "PLAN"
    dataset.DoseGridScaling = f"{scale:.10g}"
    dataset.ImagePositionPatient = [f"{number:.10g}" for number in origin]
    dataset.ImageOrientationPatient = [f"{number:.10f}" for number in orientation]
    dataset.PixelSpacing = [f"{number:.10g}" for number in spacing]
    dataset.Rows = rows
    dataset.Columns = columns
    dataset.NumberOfFrames = planes
    dataset.FrameIncrementPointer = pydicom.tag.Tag("GridFrameOffsetVector")
    if offsets is not None:
        dataset.GridFrameOffsetVector = [f"{number:.10g}" for number in offsets]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 32
    dataset.HighBit = 31
    dataset.PixelRepresentation = 0
    dataset.PixelData = np.rint(dose / scale).astype("<u4").tobytes()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return _save(dataset, path)


def write_rtstruct(
    path: Path,
    rois: Mapping[str, Iterable[np.ndarray]],
    *,
    frame: str | None = FRAME,
    kind: str = "CLOSED_PLANAR",
) -> Path:
    """Write closed contours by the name of their ROI, each ``[n, 3]`` in mm as nibabel has them (RAS)."""
    dataset = _new(RT_STRUCTURE_SET, "RTSTRUCT")
    dataset.StructureSetLabel = "test"
    dataset.StructureSetROISequence = []
    dataset.ROIContourSequence = []
    for number, (name, contours) in enumerate(rois.items(), start=1):
        roi = Dataset()
        roi.ROINumber = number
        roi.ROIName = name
        if frame:
            roi.ReferencedFrameOfReferenceUID = frame
        dataset.StructureSetROISequence.append(roi)
        drawn = Dataset()
        drawn.ReferencedROINumber = number
        drawn.ContourSequence = [_contour(points, kind) for points in contours]
        dataset.ROIContourSequence.append(drawn)
    return _save(dataset, path)


def _contour(points: np.ndarray, kind: str) -> Dataset:
    contour = Dataset()
    contour.ContourGeometricType = kind
    contour.NumberOfContourPoints = len(points)
    contour.ContourData = [f"{number:.8g}" for number in (points * _LPS[: points.shape[1]]).ravel()]
    return contour


def ring(centre, radius: float, plane: float, affine: np.ndarray, axis: int = 2, points=400):
    """A circle in voxels on a plane across an axis, as a contour ``[n, 3]`` in mm."""
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    flat = np.array(centre) + radius * np.stack([np.cos(angles), np.sin(angles)], 1)
    voxels = np.insert(flat, axis, plane, axis=1)
    return voxels @ affine[:3, :3].T + affine[:3, 3]
