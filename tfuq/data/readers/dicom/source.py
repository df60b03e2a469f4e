"""The headers of a scan, as what is made from it has to repeat and to refer to them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.valuerep import DA, TM

from tfuq.data.readers.dicom.reading import read_stack
from tfuq.data.readers.dicom.stacking import Stack
from tfuq.errors import DataError

# What DICOM requires of every image that others refer to.
_REQUIRED = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
)
# What must be there and may be empty.
_PATIENT_AND_STUDY = (
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_SEXES = ("M", "F", "O", "")
_WHEN = {"PatientBirthDate": DA, "StudyDate": DA, "StudyTime": TM}


@dataclass(frozen=True, kw_only=True)
class Source:
    """The images of a scan that objects made from it refer to.

    Attributes:
        headers: Of a file for each slice, or of the one file of all frames; without pixels, and
            without the patient's name.
        slices: The slice of the volume that each file or frame holds.
    """

    headers: Sequence[Dataset]
    slices: Sequence[int]

    def frames(self, array: np.ndarray) -> np.ndarray:
        """A map of the scan as frames in the order of the source's.

        Args:
            array: ``[columns, rows, slices]``.

        Returns:
            ``[frames, rows, columns]``.
        """
        frames: np.ndarray = array.T[list(self.slices)]
        return np.ascontiguousarray(frames)


def require_source(path: Path, series: str | None = None) -> None:
    """Refuse a scan that objects cannot refer to, by where its slices lie and its first header.

    Raises:
        DataError: As `read_source`.
    """
    stack = read_stack(path, series)
    _is_of_frames(path, stack, _header(stack.planes[0].path))


def read_source(path: Path, series: str | None = None) -> Source:
    """Read the headers of a scan.

    Args:
        path: The folder of the series, or its only file.
        series: The UID of the series; None for the only one.

    Raises:
        DataError: As `tfuq.data.readers.dicom.reading.read_stack`; frames are spread over several
            files, or an element that DICOM requires is missing.
    """
    stack = read_stack(path, series)
    planes = stack.planes
    first = _header(planes[0].path)
    if not _is_of_frames(path, stack, first):
        others = [_header(plane.path) for plane in planes[1:]]
        return Source(headers=[first, *others], slices=range(len(planes)))
    slices = sorted(range(len(planes)), key=lambda index: planes[index].frame)
    return Source(headers=[first], slices=slices)


def _is_of_frames(path: Path, stack: Stack, first: Dataset) -> bool:
    """Whether one file has all slices as its frames; else each slice has a file of its own."""
    if "PerFrameFunctionalGroupsSequence" not in first:
        return False
    files = {plane.path for plane in stack.planes}
    if len(files) > 1:
        raise DataError(
            f"{path}: its {len(stack.planes)} frames are spread over {len(files)} files, and a "
            "DICOM SEG is written for one file of frames; leave --dicom out"
        )
    return True


def _header(path: Path) -> Dataset:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = pydicom.dcmread(path, stop_before_pixels=True)
            missing = [keyword for keyword in _REQUIRED if not header.get(keyword)]
    except Exception as error:  # whose message may quote what the file says of the patient
        raise DataError(
            f"{path}: not a readable DICOM file ({type(error).__name__}); "
            "replace it with an intact copy"
        ) from error
    if missing:
        raise DataError(
            f"{path}: has no {missing[0]}, which a DICOM SEG must repeat; "
            "correct its header, or leave --dicom out"
        )
    for keyword in _WHEN:
        if not _is_when(header, keyword):
            raise DataError(
                f"{path}: its {keyword} is no date or time as DICOM has them (20261231, 235959), "
                "and a DICOM SEG must repeat it; correct its header, or leave --dicom out"
            )
    for keyword in _PATIENT_AND_STUDY:
        header.setdefault(keyword, None)
    if header.PatientSex not in _SEXES:
        header.PatientSex = None
    header.PatientName = None
    return header


def _is_when(header: Dataset, keyword: str) -> bool:
    """Whether a date or time can be repeated, or is missing."""
    value = header.get(keyword)
    if not value:
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _WHEN[keyword](str(value))
    except (ValueError, TypeError):
        return False
    return True
