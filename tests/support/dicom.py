"""DICOM series as scanners write them, made by pydicom, and where their voxels lie by plain formulas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

PATIENT = "Hopper^Grace"
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
PET = "1.2.840.10008.5.1.4.1.1.128"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
_MODALITIES = {CT: "CT", MR: "MR", PET: "PT", ENHANCED_MR: "MR"}

# Directions along which columns and rows are counted, in the patient's system (left, back, head).
AXIAL = (1, 0, 0, 0, 1, 0)
SAGITTAL = (0, 1, 0, 0, 0, -1)
CORONAL = (1, 0, 0, 0, 0, -1)


def turned_cosines(degrees: tuple[float, float, float]) -> tuple[float, ...]:
    """An oblique orientation: axial, turned about the three axes."""
    matrix = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        first, second = [other for other in range(3) if other != axis]
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second] = -np.sin(angle)
        turn[second, first] = np.sin(angle)
        matrix = turn @ matrix
    return (*matrix[:, 0], *matrix[:, 1])


OBLIQUE = turned_cosines((12.0, -7.0, 23.0))


class Scan:
    """A scan: stored numbers, and the geometry that its headers tell.

    ``stored`` is ``[slices, rows, columns]``, in the order of the normal.
    """

    def __init__(self, stored, cosines=AXIAL, spacing=(0.8, 0.6), step=2.5, origin=(-20, -30, 40)):
        self.stored = np.asarray(stored)
        self.cosines = np.array(cosines, float)
        self.spacing = spacing
        self.step = step
        self.origin = np.array(origin, float)
        self.normal = np.cross(self.cosines[:3], self.cosines[3:])
        self.study = generate_uid()
        self.series = generate_uid()
        self.frame_of_reference = generate_uid()

    def position(self, index: float) -> np.ndarray:
        return self.origin + self.normal * self.step * index

    def place(self, column: float, row: float, index: float) -> np.ndarray:
        """Of a voxel's centre, in mm to the right, front and head, by PS3.3 C.7.6.2.1.1."""
        x = self.position(index)
        x = (
            x
            + self.cosines[:3] * self.spacing[1] * column
            + self.cosines[3:] * self.spacing[0] * row
        )
        return x * (-1, -1, 1)

    def affine(self) -> np.ndarray:
        """From columns, rows and slices to mm to the right, front and head."""
        origin = self.place(0, 0, 0)
        affine = np.eye(4)
        affine[:3, 3] = origin
        for axis in range(3):
            unit = np.eye(3)[axis]
            affine[:3, axis] = self.place(*unit) - origin
        return affine

    def base(self, sop_class: str) -> FileDataset:
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = sop_class
        meta.MediaStorageSOPInstanceUID = generate_uid()
        file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        file.SOPClassUID = sop_class
        file.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        file.PatientName = PATIENT
        file.PatientID = "P-17"
        file.PatientBirthDate = "19061209"
        file.PatientSex = "F"
        file.StudyInstanceUID = self.study
        file.StudyID = "1"
        file.StudyDate = "20260101"
        file.StudyTime = "120000"
        file.AccessionNumber = "A1"
        file.ReferringPhysicianName = "Doe^John"
        file.SeriesInstanceUID = self.series
        file.SeriesNumber = 3
        file.SeriesDescription = "made by the tests"
        file.Modality = _MODALITIES[sop_class]
        file.FrameOfReferenceUID = self.frame_of_reference
        file.PositionReferenceIndicator = None
        file.Manufacturer = "none"
        file.ContentDate = "20260101"
        file.ContentTime = "120000"
        file.SamplesPerPixel = 1
        file.PhotometricInterpretation = "MONOCHROME2"
        file.Rows, file.Columns = self.stored.shape[1:]
        self._set_bits(file)
        return file

    def _set_bits(self, file: Dataset) -> None:
        file.BitsAllocated = 8 * self.stored.dtype.itemsize
        file.BitsStored = file.BitsAllocated
        file.HighBit = file.BitsStored - 1
        file.PixelRepresentation = int(self.stored.dtype.kind == "i")

    def image(self, index: int, sop_class: str = CT) -> FileDataset:
        """The file of one slice."""
        file = self.base(sop_class)
        file.InstanceNumber = index + 1
        file.ImagePositionPatient = [round(float(x), 6) for x in self.position(index)]
        file.ImageOrientationPatient = [round(float(x), 9) for x in self.cosines]
        file.PixelSpacing = list(self.spacing)
        file.SliceThickness = self.step
        if sop_class != MR:
            file.RescaleSlope = 1
            file.RescaleIntercept = -1024 if sop_class == CT else 0
        file.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        file.PixelData = self.stored[index].tobytes()
        return file

    def write(self, folder: Path, *, sop_class=CT, change=None, names=None, order=None) -> Path:
        """Write a file for each slice.

        Args:
            folder: Where to.
            sop_class: The storage class.
            change: A function of a file and its number that changes the file before it is written;
                None leaves the file out.
            names: The name of each file.
            order: In which the files are named.
        """
        folder.mkdir(parents=True, exist_ok=True)
        order = order or range(len(self.stored))
        for number, index in enumerate(order):
            file = self.image(index, sop_class)
            if change and change(file, index) is None:
                continue
            name = names[number] if names else f"{number:03d}.dcm"
            file.save_as(folder / name, enforce_file_format=True)
        return folder

    def enhanced(self, path: Path, order=None, change=None) -> Path:
        """Write one file of several frames, which are in the given order of slices."""
        order = list(order or range(len(self.stored)))
        file = self.base(ENHANCED_MR)
        file.InstanceNumber = 1
        file.NumberOfFrames = len(order)
        file.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
        orientation = Dataset()
        orientation.ImageOrientationPatient = [round(float(x), 9) for x in self.cosines]
        measures = Dataset()
        measures.PixelSpacing = list(self.spacing)
        measures.SliceThickness = self.step
        measures.SpacingBetweenSlices = self.step
        shared = Dataset()
        shared.PlaneOrientationSequence = [orientation]
        shared.PixelMeasuresSequence = [measures]
        file.SharedFunctionalGroupsSequence = [shared]
        file.PerFrameFunctionalGroupsSequence = [
            self._frame(n, index) for n, index in enumerate(order)
        ]
        file.PixelData = np.stack([self.stored[index] for index in order]).tobytes()
        if change:
            change(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.save_as(path, enforce_file_format=True)
        return path

    def _frame(self, number: int, index: int) -> Dataset:
        position = Dataset()
        position.ImagePositionPatient = [round(float(x), 6) for x in self.position(index)]
        content = Dataset()
        content.DimensionIndexValues = [1, number + 1]
        content.StackID = "1"
        content.InStackPositionNumber = number + 1
        values = Dataset()
        values.RescaleSlope = 1
        values.RescaleIntercept = 0
        values.RescaleType = "US"
        frame = Dataset()
        frame.PlanePositionSequence = [position]
        frame.FrameContentSequence = [content]
        frame.PixelValueTransformationSequence = [values]
        return frame


def noise(shape=(6, 7, 9), dtype=np.int16, seed=0) -> np.ndarray:
    """Stored numbers ``[slices, rows, columns]`` of which no two slices, rows or columns are alike."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2000, shape).astype(dtype)
