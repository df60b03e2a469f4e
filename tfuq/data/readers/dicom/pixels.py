"""The numbers of a stack of slices.

pydicom unpacks what is not compressed, and GDCM, through SimpleITK, what is; pydicom's plugins
serve for rare kinds of compression. Each slice's own slope and intercept are applied here: GDCM
does so for some kinds of scans only.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.decoders.base import get_decoder

from tfuq.data.budget import MemoryShortageError, require_memory
from tfuq.data.readers.dicom.codestreams import size_in_codestream
from tfuq.data.readers.dicom.headers import reading
from tfuq.data.readers.dicom.planes import Plane
from tfuq.data.readers.dicom.stacking import Stack
from tfuq.data.readers.quiet import quiet_stderr
from tfuq.errors import DataError

_KEYWORDS = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "NumberOfFrames",
    "PixelData",
    "FloatPixelData",
    "DoubleFloatPixelData",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
)
_BY_GDCM = (
    uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEGLSNearLossless,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
    uid.RLELossless,
)
_SINGLE = "1.2.840.10008.5.1.4.1.1.7"  # secondary capture: an image of which nothing more is known
_BYTES = "1.2.840.10008.5.1.4.1.1.7.2"
_WORDS = "1.2.840.10008.5.1.4.1.1.7.3"
# Beyond 64 MiB, pixels that grow by more than this factor are a bomb.
_ALWAYS_ALLOWED = 1 << 26
_MOST_RATIO = 200
_READING_BYTES = 20  # a voxel as it is stored, as float64, and as what is returned


def read_voxels(stack: Stack, *, is_label: bool) -> np.ndarray:
    """Read the voxels of a stack, each by its slice's slope and intercept.

    Args:
        stack: The stack.
        is_label: Return whole numbers as int64, which float32 may not hold.

    Returns:
        ``[columns, rows, slices]``, float32; of a label that is not whole float64.

    Raises:
        DataError: A file is damaged, or compressed in a way that cannot be undone here.
        MemoryShortageError: It does not fit into memory.
    """
    first = stack.planes[0].path
    try:
        require_memory(stack.shape, _READING_BYTES)
    except MemoryShortageError as error:
        raise MemoryShortageError(f"{first}: {error}") from error
    array = np.empty(stack.shape, np.float64 if is_label else np.float32)
    for path, indices in _by_file(stack.planes).items():
        frames = stored_frames(path)
        for index in indices:
            plane = stack.planes[index]
            stored = _frame(plane, frames)
            array[:, :, index] = (stored * plane.slope + plane.intercept).T
    if is_label and (array == np.rint(array)).all():
        whole: np.ndarray = array.astype(np.int64)
        return whole
    return array


def _by_file(planes: Sequence[Plane]) -> dict[Path, list[int]]:
    indices: dict[Path, list[int]] = {}
    for index, plane in enumerate(planes):
        indices.setdefault(plane.path, []).append(index)
    return indices


def _frame(plane: Plane, frames: np.ndarray) -> np.ndarray:
    """The stored numbers of a slice, ``[rows, columns]``, float64."""
    if plane.frame >= len(frames) or frames.shape[1:] != plane.shape:
        raise DataError(
            f"{plane.path}: holds other images than its header says; replace it with an intact copy"
        )
    frame: np.ndarray = frames[plane.frame].astype(np.float64)
    return frame


def stored_frames(path: Path) -> np.ndarray:
    """Read the numbers of a file as they are stored.

    Returns:
        ``[frames, rows, columns]``.

    Raises:
        DataError: It is damaged, or compressed in a way that cannot be undone here.
    """
    with reading(path):
        image = pydicom.dcmread(path, specific_tags=[*_KEYWORDS])
        pixels = _unpacked(path, image)
    return pixels[None] if pixels.ndim == 2 else pixels


def _unpacked(path: Path, image: pydicom.FileDataset) -> np.ndarray:
    syntax = image.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        _require_proportion(path, image)
    if syntax in _BY_GDCM:
        return _by_gdcm(image)
    if syntax.is_encapsulated:
        _require_decoder(path, syntax)
    pixels: np.ndarray = image.pixel_array
    return pixels


def _require_proportion(path: Path, image: Dataset) -> None:
    """Refuse compressed pixels that claim to be many more than they are likely to be."""
    shape = (_frames_of(image), image.Rows, image.Columns)
    claimed = math.prod(shape) * max(image.BitsAllocated // 8, 1)
    size = path.stat().st_size
    if claimed > max(_ALWAYS_ALLOWED, size * _MOST_RATIO):
        raise ValueError(f"its {size} bytes claim to hold {claimed} bytes of pixels")
    require_memory(shape, _READING_BYTES)


def _require_decoder(path: Path, syntax: uid.UID) -> None:
    try:
        decoder = get_decoder(syntax)
        if decoder.is_available:
            return
        needed = "; ".join(decoder.missing_dependencies)
    except NotImplementedError:
        needed = "pydicom knows no decoder of it"
    raise DataError(
        f"{path}: is compressed as {syntax.name}, which nothing that is installed undoes "
        f"({needed}); pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg, "
        "or expand the file, as by gdcmconv"
    )


def _by_gdcm(image: pydicom.FileDataset) -> np.ndarray:
    """Expand by GDCM, which is given nothing but the pixels, so that it applies no slope."""
    import SimpleITK

    image.SOPClassUID = _storage_class(image)
    image.SOPInstanceUID = uid.generate_uid()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = image.file_meta.TransferSyntaxUID
    meta.MediaStorageSOPClassUID = image.SOPClassUID
    meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.file_meta = meta
    # Damaged fragments, which GDCM would make room for, are found here.
    frames = [*generate_frames(image.PixelData, number_of_frames=_frames_of(image))]
    for frame in frames:
        if size_in_codestream(frame) not in (None, (image.Rows, image.Columns)):
            raise ValueError("its compressed pixels are of another size than its header says")
    image.PixelData = encapsulate(frames)
    with tempfile.TemporaryDirectory() as folder, quiet_stderr():
        file = Path(folder) / "image.dcm"
        image.save_as(file, enforce_file_format=True)
        try:
            array: np.ndarray = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(file))
        except RuntimeError as error:
            raise ValueError("its compressed pixels cannot be expanded") from error
    return array


def _frames_of(image: Dataset) -> int:
    return int(image.get("NumberOfFrames") or 1)


def _storage_class(image: Dataset) -> str:
    if _frames_of(image) == 1:
        return _SINGLE
    return _BYTES if image.BitsAllocated == 8 else _WORDS
