"""The slices of a series: where each lies, and what its numbers mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from tfuq.data.readers.dicom.headers import Header, reading
from tfuq.errors import DataError

_GREY = ("MONOCHROME1", "MONOCHROME2")
# What may tell images of one place apart: echoes, points in time, b-values.
_KINDS = (
    "EchoTime",
    "EchoNumbers",
    "TemporalPositionIdentifier",
    "TriggerTime",
    "DiffusionBValue",
    "ImageType",
    "AcquisitionNumber",
)
# Of a frame: the sequence that has it, and its keyword there.
_FRAME_KINDS = (
    ("MREchoSequence", "EffectiveEchoTime"),
    ("FrameContentSequence", "TemporalPositionIndex"),
    ("FrameContentSequence", "StackID"),
    ("MRDiffusionSequence", "DiffusionBValue"),
    ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),
)


@dataclass(frozen=True, kw_only=True)
class Plane:
    """One slice.

    Attributes:
        path: Its file.
        frame: The number of its frame in the file, from 0 on.
        name: How messages name it: by its InstanceNumber, or by its frame.
        instance: The SOPInstanceUID of its file.
        shape: Rows and columns.
        spacing: Between rows, and between columns, in mm, ``[2]``.
        directions: Unit vectors of the patient's system (left, back, head) along which columns and
            rows are counted, ``[2, 3]``.
        position: The centre of its first pixel in the patient's system, in mm, ``[3]``.
        slope: By which a stored number is multiplied.
        intercept: What is added to it then.
        thickness: The distance to a next slice as the header says it, in mm; None if it does not.
        kinds: What may tell it from others of its place, by keyword.
    """

    path: Path
    frame: int
    name: str
    instance: str
    shape: tuple[int, int]
    spacing: np.ndarray
    directions: np.ndarray
    position: np.ndarray
    slope: float
    intercept: float
    thickness: float | None
    kinds: Mapping[str, str]


def planes_of(header: Header) -> list[Plane]:
    """The slices of a file.

    Raises:
        DataError: It is in colour, it does not say where a slice lies or how large its pixels are,
            or its numbers have a meaning by a table.
    """
    with reading(header.path):
        return _planes(header)


def _planes(header: Header) -> list[Plane]:
    _require_grey(header)
    frames = header.frames
    groups = header.values.get("PerFrameFunctionalGroupsSequence")
    if groups:
        if len(groups) != frames:
            raise DataError(
                f"{header.path}: describes {len(groups)} of its {frames} frames; "
                "replace it with an intact copy"
            )
        return [_frame_plane(header, index) for index in range(frames)]
    if frames > 1:
        raise DataError(
            f"{header.path}: has {frames} frames and does not say where each lies; "
            "convert the scan to NIfTI, with the positions of its slices"
        )
    return [_plane(header, 0, f"image {_number(header)}", [header.values], _kinds(header.values))]


def _number(header: Header) -> str:
    """The InstanceNumber; of a file without one, its name."""
    number = header.values.get("InstanceNumber")
    return header.path.name if number is None else str(number)


def _require_grey(header: Header) -> None:
    samples = header.values.get("SamplesPerPixel", 1)
    photometric = header.values.get("PhotometricInterpretation", _GREY[1])
    if samples == 1 and photometric in _GREY:
        return
    raise DataError(
        f"{header.path}: is a colour image ({photometric}); tfuq reads grey DICOM images: "
        "move it out of the folder, or save it as PNG where colour is what is learnt"
    )


def _frame_plane(header: Header, index: int) -> Plane:
    own = header.values.PerFrameFunctionalGroupsSequence[index]
    shared = header.values.get("SharedFunctionalGroupsSequence") or [Dataset()]
    groups = [own, shared[0]]
    sources = [*_items(groups, "PlanePositionSequence")]
    sources += _items(groups, "PlaneOrientationSequence")
    sources += _items(groups, "PixelMeasuresSequence")
    sources += _items(groups, "PixelValueTransformationSequence")
    kinds = {}
    for sequence, keyword in _FRAME_KINDS:
        for item in _items(groups, sequence):
            if keyword in item:
                kinds[keyword] = str(item.get(keyword))
    return _plane(header, index, f"frame {index + 1}", sources, kinds)


def _items(groups: list[Dataset], sequence: str) -> Iterator[Dataset]:
    """The first item of a sequence in each of the groups that has it: the frame's before all's."""
    for group in groups:
        items = group.get(sequence)
        if items:
            yield items[0]


def _kinds(values: Dataset) -> dict[str, str]:
    return {keyword: str(values.get(keyword)) for keyword in _KINDS if keyword in values}


def _plane(
    header: Header, frame: int, name: str, sources: list[Dataset], kinds: Mapping[str, str]
) -> Plane:
    """The slice of a frame.

    Args:
        header: Of the file.
        frame: The number of the frame.
        name: How messages name the slice.
        sources: Parts of the header that say something of the frame, the first one that does holds.
        kinds: See `Plane`.
    """
    if "ModalityLUTSequence" in header.values:
        raise DataError(
            f"{header.path}: says by a table (Modality LUT) what its numbers mean, which tfuq does "
            "not read; save the scan with the table applied"
        )
    position = _required(header, name, sources, "ImagePositionPatient", 3)
    return Plane(
        path=header.path,
        frame=frame,
        name=name,
        instance=str(header.values.get("SOPInstanceUID") or ""),
        shape=_shape(header),
        spacing=_spacing(header, name, sources),
        directions=_directions(header, name, sources),
        position=position,
        slope=_scaling(header, name, sources, "RescaleSlope", 1.0),
        intercept=_scaling(header, name, sources, "RescaleIntercept", 0.0),
        thickness=_thickness(sources),
        kinds=kinds,
    )


def _shape(header: Header) -> tuple[int, int]:
    rows = int(header.values.get("Rows") or 0)
    columns = int(header.values.get("Columns") or 0)
    if min(rows, columns) < 1:
        raise DataError(
            f"{header.path}: has {rows} rows and {columns} columns; replace it with an intact copy"
        )
    return rows, columns


def _spacing(header: Header, name: str, sources: list[Dataset]) -> np.ndarray:
    spacing = _required(header, name, sources, "PixelSpacing", 2)
    if (spacing <= 0).any():
        raise DataError(
            f"{header.path}: {name} has a PixelSpacing of {spacing[0]:g} and {spacing[1]:g} mm, "
            "which must be above 0; correct it"
        )
    return spacing


def _directions(header: Header, name: str, sources: list[Dataset]) -> np.ndarray:
    cosines = _required(header, name, sources, "ImageOrientationPatient", 6).reshape(2, 3)
    lengths = np.linalg.norm(cosines, axis=1)
    is_rotation = np.allclose(lengths, 1, atol=1e-2) and abs(cosines[0] @ cosines[1]) < 1e-2
    if not is_rotation:
        raise DataError(
            f"{header.path}: the ImageOrientationPatient of {name} is no pair of perpendicular "
            "directions; correct it"
        )
    directions: np.ndarray = cosines / lengths[:, None]
    return directions


def _thickness(sources: list[Dataset]) -> float | None:
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        thickness = abs(_number_of(sources, keyword, 0.0))
        if thickness > 0:
            return thickness
    return None


def _required(
    header: Header, name: str, sources: list[Dataset], keyword: str, count: int
) -> np.ndarray:
    numbers = _numbers(sources, keyword)
    if numbers.size == count and np.isfinite(numbers).all():
        return numbers
    raise DataError(
        f"{header.path}: {name} has no {keyword} of {count} numbers, so that its place is not "
        "known; give a scan that says it, or save a radiograph as PNG and set data.pixel_mm"
    )


def _scaling(
    header: Header, name: str, sources: list[Dataset], keyword: str, default: float
) -> float:
    """A number that says what pixels mean; the default where no part of the header has it."""
    if all(source.get(keyword) in (None, "") for source in sources):
        return default
    numbers = _numbers(sources, keyword)
    if numbers.size != 1 or not np.isfinite(numbers).all():
        raise DataError(
            f"{header.path}: the {keyword} of {name} is no single number, so that what its pixels "
            "mean is not known; correct it"
        )
    return float(numbers[0])


def _number_of(sources: list[Dataset], keyword: str, default: float) -> float:
    numbers = _numbers(sources, keyword)
    if numbers.size == 1 and np.isfinite(numbers).all():
        return float(numbers[0])
    return default


def _numbers(sources: list[Dataset], keyword: str) -> np.ndarray:
    """The numbers of the first source that has an element; empty if none has, or no number."""
    for source in sources:
        try:
            value = source.get(keyword)
            if value is not None and value != "":
                return np.atleast_1d(np.array(value, float))
        except (TypeError, ValueError):
            return np.empty(0)
    return np.empty(0)
