"""Labels as DICOM SEG and maps as DICOM parametric maps, by highdicom, which is an extra.

What is written belongs to the study and to the frame of reference of the scan that it was made
from, and refers to its images. It repeats the identifiers of patient and study, so that it is filed
with the scan, but not the patient's name.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfuq.data.volume import Volume
from tfuq.data.writers.text import write_bytes
from tfuq.errors import DataError, TfuqError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from tfuq.data.readers.dicom.source import Source

MAKER = "tfuq"
_UTF8 = "ISO_IR 192"
_LONG = 64  # characters of DICOM's longer texts
_SHORT = 16  # characters of its shorter texts
# A class may be anything, so that the codes are the most general ones; the segment's label has its
# name.
_STRUCTURE = ("91723000", "SCT", "Anatomical Structure")
_ARTIFICIAL_INTELLIGENCE = ("123109", "DCM", "Artificial Intelligence")
_UNITS = {"1": ("1", "UCUM", "no units"), "nat": ("{nat}", "UCUM", "nat")}
_OWN_CODES = "99TFUQ"  # DICOM reserves names that begin so for codes of one's own
_SEG_SERIES = 1  # added to a hundred times the scan's series number
_MAP_SERIES = 2
_LARGEST_SERIES = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """What made the label and the maps.

    Attributes:
        name: Of the algorithm.
        version: Of tfuq.
        serial: What tells these weights from others.
        parameters: What it was run with, by name.
    """

    name: str
    version: str
    serial: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What the numbers of a map are.

    Attributes:
        name: Of the map's file.
        title: As people write it.
        unit: ``1`` or ``nat``.
        low: The lowest value that it can have.
        high: The highest.
    """

    name: str
    title: str
    unit: str
    low: float
    high: float


def require_highdicom() -> None:
    """Refuse to go on without highdicom.

    Raises:
        TfuqError: It is not installed.
    """
    if find_spec("highdicom") is None:
        raise TfuqError(
            "--dicom: needs highdicom, which is not installed; pip install 'tfuq[dicom]'"
        )


def write_segmentation(
    path: Path, label: Volume, source: Source, classes: Sequence[str], algorithm: Algorithm
) -> None:
    """Write a label as a DICOM SEG with a binary segment for each class but the first.

    Args:
        path: The file.
        label: Classes on the scan's grid, ``[columns, rows, slices]``.
        source: The scan's headers.
        classes: The names of all classes.
        algorithm: What made the label.

    Raises:
        DataError: The scan's headers do not allow it.
        RunError: As `tfuq.data.writers.write_bytes`.
        TfuqError: As `tfuq.data.writers.write_bytes`.
    """
    import highdicom

    with _building(path):
        identification = _identification(algorithm)
        code = _code(*_STRUCTURE)
        segments = []
        for number, name in enumerate(classes[1:], start=1):
            segments.append(
                highdicom.seg.SegmentDescription(
                    segment_number=number,
                    segment_label=_text(name),
                    segmented_property_category=code,
                    segmented_property_type=code,
                    algorithm_type="AUTOMATIC",
                    algorithm_identification=identification,
                )
            )
        content = highdicom.seg.Segmentation(
            source_images=source.headers,
            pixel_array=source.frames(label.array),
            segmentation_type="BINARY",
            segment_descriptions=segments,
            series_number=_series_number(source, _SEG_SERIES),
            instance_number=1,
            content_label="LABEL",
            content_description="label map",
            series_description=f"{MAKER} label",
            **_common(algorithm),
        )
        encoded = _encoded(content)
    write_bytes(path, encoded)


def write_parametric_map(
    path: Path,
    volume: Volume,
    source: Source,
    quantity: Quantity,
    algorithm: Algorithm,
    number: int = 1,
) -> None:
    """Write a scalar map as a DICOM parametric map of single precision.

    Args:
        path: The file.
        volume: The map on the scan's grid, ``[columns, rows, slices]``.
        source: The scan's headers.
        quantity: What its numbers are.
        algorithm: What made the map.
        number: Its InstanceNumber.

    Raises:
        DataError: The scan's headers do not allow it.
        RunError: As `tfuq.data.writers.write_bytes`.
        TfuqError: As `tfuq.data.writers.write_bytes`.
    """
    import highdicom

    with _building(path):
        frames = source.frames(volume.array).astype(np.float32)
        # The range holds every value, which rounding may put beyond the bound.
        low = float(min(quantity.low, frames.min()))
        high = float(max(quantity.high, frames.max()))
        window = highdicom.VOILUTTransformation(
            window_center=(low + high) / 2, window_width=max(high - low, 1e-6)
        )
        content = highdicom.pm.ParametricMap(
            source_images=source.headers,
            pixel_array=frames,
            series_number=_series_number(source, _MAP_SERIES),
            instance_number=number,
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[_mapping(quantity, low, high)],
            voi_lut_transformations=[window],
            content_label="UNCERTAINTY",
            content_description=_text(quantity.title),
            series_description=_text(f"{MAKER} {quantity.title}"),
            **_common(algorithm),
        )
        encoded = _encoded(content)
    write_bytes(path, encoded)


def _mapping(quantity: Quantity, low: float, high: float) -> Any:
    import highdicom

    return highdicom.pm.RealWorldValueMapping(
        lut_label=quantity.name.upper()[:_SHORT],
        lut_explanation=_text(quantity.title),
        unit=_code(*_UNITS[quantity.unit]),
        value_range=(low, high),
        slope=1.0,
        intercept=0.0,
        quantity_definition=_code(quantity.name, _OWN_CODES, quantity.title),
    )


def _code(value: str, scheme: str, meaning: str) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(value, scheme, _text(meaning))


def _identification(algorithm: Algorithm) -> Any:
    import highdicom

    return highdicom.AlgorithmIdentificationSequence(
        name=_text(algorithm.name),
        family=_code(*_ARTIFICIAL_INTELLIGENCE),
        version=algorithm.version,
        source=MAKER,
        parameters=dict(algorithm.parameters),
    )


def _common(algorithm: Algorithm) -> dict[str, Any]:
    """What highdicom wants to know of everything that is written; UIDs are new each time."""
    from pydicom.uid import generate_uid

    return {
        "series_instance_uid": generate_uid(),
        "sop_instance_uid": generate_uid(),
        "manufacturer": MAKER,
        "manufacturer_model_name": _text(algorithm.name),
        "software_versions": algorithm.version,
        "device_serial_number": _text(algorithm.serial),
        "specific_character_set": _UTF8,
    }


def _series_number(source: Source, added: int) -> int:
    number = int(source.headers[0].get("SeriesNumber") or 0)
    return 100 * min(max(number, 0), _LARGEST_SERIES) + added


def _text(text: str) -> str:
    """As DICOM takes it: no backslash, which separates values, and not too long."""
    return text.replace("\\", "/")[:_LONG]


def _encoded(content: Dataset) -> bytes:
    buffer = io.BytesIO()
    content.save_as(buffer)
    return buffer.getvalue()


@contextmanager
def _building(path: Path) -> Iterator[None]:
    """Within the block, what highdicom raises is said without what it quotes of the patient.

    Raises:
        DataError: Something was raised.
    """
    logging.getLogger("highdicom").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise DataError(
            f"{path}: is not written, as highdicom cannot make it of the scan's headers "
            f"({type(error).__name__}); leave --dicom out, or correct them"
        ) from error
