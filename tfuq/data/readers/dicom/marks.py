"""Which files and folders are DICOM, and of what kind, told by their names and first bytes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from tfuq.data.on_use import ModuleOnUse
from tfuq.errors import DataError

if TYPE_CHECKING:
    import pydicom
else:
    pydicom = ModuleOnUse("pydicom")

DICOM_SUFFIX = ".dcm"
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_MARK = b"DICM"
_MARK_OFFSET = 128  # bytes before it
_DIRECTORY = "DICOMDIR"  # an index of files, and no image


def is_dicom_file(path: Path) -> bool:
    """Whether a file is DICOM, by its ending ``.dcm`` or else by its content.

    Hidden files and the index ``DICOMDIR`` are not.
    """
    if path.name.startswith(".") or path.name.upper() == _DIRECTORY or not path.is_file():
        return False
    return path.name.lower().endswith(DICOM_SUFFIX) or has_mark(path)


def has_mark(path: Path) -> bool:
    """Whether a file's content begins as DICOM; what it is named does not matter."""
    try:
        with path.open("rb") as file:
            file.seek(_MARK_OFFSET)
            return file.read(len(_MARK)) == _MARK
    except OSError:
        return False


def dicom_files(folder: Path) -> list[Path]:
    """The DICOM files that lie in a folder itself; other files, such as a README, are left out."""
    return sorted(path for path in folder.iterdir() if is_dicom_file(path))


def is_series_folder(path: Path) -> bool:
    """Whether a path is a folder that has a DICOM file in it, which is read as one scan."""
    if path.name.startswith(".") or not path.is_dir():
        return False
    return any(map(is_dicom_file, path.iterdir()))


def is_dicom(path: Path) -> bool:
    """Whether a path is a DICOM file, or a folder of a series."""
    return is_dicom_file(path) or is_series_folder(path)


def is_of_class(path: Path, class_uid: str) -> bool:
    """Whether a file is DICOM of a storage class, such as `RT_DOSE`; only its start is read."""
    if not (path.is_file() and has_mark(path)):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = pydicom.filereader.read_file_meta_info(path).get("MediaStorageSOPClassUID")
    except Exception:  # the reader of the whole file says what is wrong
        return False
    return bool(value == class_uid)


def is_structure_set(path: Path) -> bool:
    """Whether a file is RTSTRUCT, by its content."""
    return is_of_class(path, RT_STRUCTURE_SET)


def dicom_stem(path: Path) -> str:
    """The file's name without ``.dcm``; other ends, as of a UID, belong to the name."""
    if path.name.lower().endswith(DICOM_SUFFIX):
        return path.name[: -len(DICOM_SUFFIX)]
    return path.name


def refuse_deeper(folder: Path, remedy: str, *, has_channels: bool = False) -> None:
    """Refuse a folder whose subfolders have DICOM files further down, where no case is looked for.

    Args:
        folder: The folder.
        remedy: What to do about such files.
        has_channels: Whether its subfolders may be cases with the folder of a series per channel.

    Raises:
        DataError: There is such a file.
    """
    for subfolder in sorted(folder.iterdir()):
        if not subfolder.is_dir() or subfolder.name.startswith("."):
            continue
        if is_series_folder(subfolder):
            continue
        if has_channels:
            refuse_deeper(subfolder, remedy)
            continue
        for path in sorted(subfolder.rglob("*")):
            if is_dicom_file(path):
                raise DataError(
                    f"{folder}: the DICOM files of {subfolder.name} lie deeper, in {path.parent}; "
                    f"{remedy}"
                )
