"""Single DICOM files of radiotherapy: recognized by their content, and read as data sets."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.budget import MemoryShortageError, require_memory
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.readers.damage import damage
from tfuq.data.readers.dicom.marks import has_mark
from tfuq.errors import DataError

if TYPE_CHECKING:
    import pydicom
else:
    pydicom = ModuleOnUse("pydicom")

_WORKING_BYTES = 4  # per byte of a file, while its elements are parsed
_FRAME = "FrameOfReferenceUID"
_ROIS = "StructureSetROISequence"
TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # DICOM's axes point left and back, those of tfuq do not


def is_dicom(path: Path) -> bool:
    """Whether a file is DICOM by its content; what it is named does not matter."""
    return path.is_file() and has_mark(path)


def frame_of_reference(path: Path) -> str | None:
    """The UID of the frame of reference of a DICOM file, or of the first one in a folder.

    Returns:
        None where the path holds no DICOM, or the file has none.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file())
    for file in files:
        if is_dicom(file):
            return _frame_of_file(file)
    return None


def _frame_of_file(path: Path) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[_FRAME, _ROIS])
            values = [dataset.get(_FRAME)]
            for roi in dataset.get(_ROIS) or ():  # a structure set has it there
                values.append(roi.get(f"Referenced{_FRAME}"))
    except Exception:  # the reader of the whole file says what is wrong
        return None
    given = [str(value) for value in values if value]
    return next(iter(given), None)


def require_same_frame(path: Path, frame: str | None, others: Sequence[Path]) -> None:
    """Refuse a file in other coordinates than those of the files that it belongs to.

    Args:
        path: The file, for messages.
        frame: The UID of its frame of reference; None if it is not known.
        others: Files or folders of the scan or its structures. What is no DICOM has no UID.

    Raises:
        DataError: Both are known, and differ.
    """
    for other in others:
        known = frame_of_reference(other)
        if frame and known and frame != known:
            raise DataError(
                f"{path}: its frame of reference {frame} is not that of {other}, {known}; "
                "give the file that was planned on this scan, or register one onto the other"
            )


@contextmanager
def opened(path: Path, kind: str) -> Iterator[pydicom.Dataset]:
    """Read a DICOM file; within the block, whatever is wrong with its content becomes one line.

    Args:
        path: The file.
        kind: What it should be, in words.

    Yields:
        The data set, with all elements.

    Raises:
        DataError: It cannot be read, or the block found it to be wrong (`ValueError`).
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            require_memory([path.stat().st_size], _WORKING_BYTES, "bytes of a file")
            yield pydicom.dcmread(path)
    except MemoryShortageError as error:
        raise MemoryShortageError(f"{path}: {error}") from error
    except DataError:
        raise
    except Exception as error:  # pydicom raises anything on damaged bytes
        raise damage(path, kind, error, "export it again from the planning system") from error


def required(dataset: pydicom.Dataset, keyword: str) -> object:
    """The value of an element.

    Raises:
        ValueError: It is missing or empty.
    """
    value = dataset.get(keyword)
    if value is None or value == "":
        raise ValueError(f"it has no {keyword}")
    return value


def numbers(dataset: pydicom.Dataset, keyword: str, count: int | None = None) -> np.ndarray:
    """The numbers of an element.

    Text is parsed at once, as a structure set holds millions of numbers.

    Args:
        dataset: The data set.
        keyword: The name of the element.
        count: How many there must be; None for any.

    Returns:
        Finite numbers ``[n]``.

    Raises:
        ValueError: It is missing, or holds something else.
    """
    if keyword not in dataset:
        raise ValueError(f"it has no {keyword}")
    value = dataset.get_item(keyword).value
    if isinstance(value, bytes):
        value = value.rstrip(b"\0 ").split(b"\\")
    values = np.atleast_1d(np.array(value, float))
    if not np.isfinite(values).all() or (count is not None and values.shape != (count,)):
        raise ValueError(f"its {keyword} is not {count or 'of finite'} numbers")
    return values
