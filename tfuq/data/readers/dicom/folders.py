"""Which scans a folder with DICOM files holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq.data.readers.dicom.headers import all_series
from tfuq.errors import DataError


def scans_in(folder: Path, other_scans: Sequence[Path] = ()) -> list[Path]:
    """The scans of a folder that has DICOM files.

    A folder of one series is a scan. Where each DICOM file is one of several frames and of a series
    of its own, and is not all that there is, each file is a scan, as the others are.

    Args:
        folder: The folder.
        other_scans: What else can be read in it: scans of other formats, and folders of a series.

    Raises:
        DataError: Other scans lie beside the slices of a series, or a file is damaged.
    """
    present = all_series(folder)
    headers = [header for series in present for header in series.headers]
    files = [header.path for header in headers if header.frames > 1]
    if len(files) == len(headers) == len(present) and len(files) + len(other_scans) > 1:
        return sorted([*files, *other_scans])
    for other in other_scans:
        raise DataError(
            f"{folder}: holds a DICOM series and, beside it, {other.name}; "
            "move the series into a folder of its own"
        )
    return [folder]
