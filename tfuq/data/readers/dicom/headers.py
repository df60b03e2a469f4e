"""The headers of DICOM files, and the series that they belong to."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from tfuq.data.readers.damage import damage
from tfuq.data.readers.dicom.marks import dicom_files
from tfuq.errors import DataError, missing_file

# Nothing else is read of a file, so that no name of a patient gets into a message.
_KEYWORDS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesDescription",
    "Modality",
    "InstanceNumber",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "SliceThickness",
    "SpacingBetweenSlices",
    "RescaleSlope",
    "RescaleIntercept",
    "ModalityLUTSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "EchoTime",
    "EchoNumbers",
    "TemporalPositionIdentifier",
    "TriggerTime",
    "DiffusionBValue",
    "AcquisitionNumber",
    "ImageType",
)
# Storage classes of what is made from a scan, and lies in its folder.
_DERIVED = {
    "1.2.840.10008.5.1.4.1.1.66.4": "a DICOM SEG",
    "1.2.840.10008.5.1.4.1.1.66.7": "a DICOM SEG",
    "1.2.840.10008.5.1.4.1.1.30": "a DICOM parametric map",
    "1.2.840.10008.5.1.4.1.1.481.2": "an RTDOSE",
}
_MOST_LISTED = 8  # series
# pydicom's notes quote values and name no file; what matters is raised.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the header of a file says of its images, and not of the patient.

    Attributes:
        path: The file.
        values: Elements of the header, by their keywords.
    """

    path: Path
    values: Dataset

    @property
    def series(self) -> str:
        """The UID of the series; empty where the file has none."""
        return str(self.values.get("SeriesInstanceUID") or "")

    @property
    def frames(self) -> int:
        """How many frames the file has.

        Raises:
            DataError: The header says something else than a number above 0.
        """
        frames = self.values.get("NumberOfFrames") or 1
        if not isinstance(frames, int) or frames < 1:
            raise DataError(
                f"{self.path}: its NumberOfFrames is no number above 0; "
                "replace the file with an intact copy"
            )
        return int(frames)

    @property
    def derived(self) -> str:
        """What it is, if it was made from a scan and is none; else empty."""
        return _DERIVED.get(str(self.values.get("SOPClassUID")), "")

    @property
    def is_image(self) -> bool:
        """Whether it has pixels of a scan; reports, contours and segmentations have not."""
        return "Rows" in self.values and not self.derived


@dataclass(frozen=True, kw_only=True)
class Series:
    """The images of a folder that belong together.

    Attributes:
        uid: Its SeriesInstanceUID.
        headers: Of its files.
    """

    uid: str
    headers: Sequence[Header]

    def __str__(self) -> str:
        """The UID, and what the scanner calls the series."""
        values = self.headers[0].values
        description = str(values.get("SeriesDescription") or "no description")
        modality = str(values.get("Modality") or "no modality")
        return f"{self.uid} ({description}, {modality}, {len(self.headers)} file(s))"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Within the block, whatever is raised says that the file is not readable DICOM.

    Raises:
        DataError: Something was raised.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DataError:
        raise
    except Exception as error:  # pydicom and GDCM raise anything on damaged bytes
        raise damage(path, "DICOM file", error) from error


def read_header(path: Path) -> Header:
    """Read what a file says of its images, and no pixel.

    Raises:
        DataError: The file is missing, damaged, or deflated.
    """
    if not path.is_file():
        raise missing_file(path)
    with reading(path):
        refuse_deflated(path)
        values = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[*_KEYWORDS])
        for element in values:  # which pydicom parses only now
            _ = element.value
    return Header(path=path, values=values)


def refuse_deflated(path: Path) -> None:
    """Refuse a file that is compressed as a whole, header and all, before it is expanded.

    Raises:
        DataError: It is.
    """
    syntax = pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID")
    if syntax == DeflatedExplicitVRLittleEndian:
        raise DataError(f"{path}: is a deflated DICOM file; expand it, as by dcmconv +te")


def image_headers(path: Path) -> list[Header]:
    """The headers of the images of a folder, or of a file.

    Files of a folder that are no image of a scan (reports, contours, segmentations, doses) are left
    out.

    Raises:
        DataError: A file is damaged, or none is an image of a scan.
    """
    if path.is_dir():
        headers = [read_header(file) for file in dicom_files(path)]
        images = [header for header in headers if header.is_image]
    else:
        headers = [read_header(path)]
        images = [header for header in headers if header.is_image]
    if not images:
        kinds = sorted({header.derived for header in headers if header.derived})
        kind = ", ".join(kinds) or "DICOM without an image"
        raise DataError(f"{path}: is no scan but {kind}; give the folder of the scan's series")
    return images


def all_series(path: Path) -> list[Series]:
    """The series of a folder, or of a file, in the order of their UIDs.

    Raises:
        DataError: As `image_headers`.
    """
    by_uid: dict[str, list[Header]] = {}
    for header in image_headers(path):
        by_uid.setdefault(header.series, []).append(header)
    return [Series(uid=uid, headers=by_uid[uid]) for uid in sorted(by_uid)]


def chosen_series(path: Path, uid: str | None = None) -> Series:
    """The series of a folder or a file that is read.

    Args:
        path: The folder or the file.
        uid: Of the series; None for the only one.

    Raises:
        DataError: There are several and none was chosen, or not the chosen one; or as
            `image_headers`.
    """
    present = all_series(path)
    if uid is None and len(present) == 1:
        return present[0]
    for series in present:
        if series.uid == uid:
            return series
    listed = "; ".join(map(str, present[:_MOST_LISTED]))
    if len(present) > _MOST_LISTED:
        listed += f"; and {len(present) - _MOST_LISTED} more"
    if uid is None:
        raise DataError(
            f"{path}: holds {len(present)} series: {listed}; choose one by tfuq predict "
            "--series UID, or move each into a folder of its own"
        )
    raise DataError(f"{path}: has no series {uid}; it has {listed}")
