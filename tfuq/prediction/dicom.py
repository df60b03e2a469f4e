"""What is written of a case whose image is DICOM: its label as a DICOM SEG, its maps beside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfuq.data.cases import Case
from tfuq.data.readers.dicom.marks import is_dicom
from tfuq.data.volume import Volume
from tfuq.data.writers.dicom import (
    Algorithm,
    Quantity,
    write_parametric_map,
    write_segmentation,
)
from tfuq.errors import DataError
from tfuq.measures.catalogue import of_map
from tfuq.prediction.request import LABEL
from tfuq.runs.results import Manifest

if TYPE_CHECKING:  # it imports pydicom, and most data need it not
    from tfuq.data.readers.dicom.source import Source


@dataclass(frozen=True, kw_only=True)
class DicomFiles:
    """The DICOM files of a case.

    Attributes:
        source: The headers of its image.
        classes: The names of the classes.
        maps: The names of the maps of uncertainty.
        algorithm: What predicts.
    """

    source: Source
    classes: Sequence[str]
    maps: Sequence[str]
    algorithm: Algorithm

    def write(self, folder: Path, volumes: Mapping[str, Volume]) -> None:
        """Write the files.

        Args:
            folder: The case's folder.
            volumes: Its label and maps by name, on the grid of its image.

        Raises:
            DataError: The headers of its image do not allow it.
        """
        label_file, *map_files = dicom_names(self.maps)
        write_segmentation(
            folder / label_file, volumes[LABEL], self.source, self.classes, self.algorithm
        )
        for number, name in enumerate(self.maps, start=1):
            write_parametric_map(
                folder / map_files[number - 1],
                volumes[name],
                self.source,
                quantity_of(name, len(self.classes)),
                self.algorithm,
                number,
            )


def dicom_names(maps: Iterable[str]) -> list[str]:
    """The names of a case's DICOM files: of its label, then of its maps."""
    return [f"{name}.dcm" for name in (LABEL, *maps)]


def quantity_of(name: str, classes: int) -> Quantity:
    """What a map's numbers are.

    Args:
        name: Of the map.
        classes: K.
    """
    measure = of_map(name)
    low, high = measure.bounds(classes)
    return Quantity(name=name, title=measure.title, unit=measure.unit, low=low, high=high)


def algorithm_of(manifest: Manifest) -> Algorithm:
    """What predicts, in the words of a DICOM header."""
    digests = " ".join(manifest.weights_digest)
    return Algorithm(
        name=f"tfuq {manifest.method}",
        version=manifest.tfuq_version,
        serial=hashlib.sha256(digests.encode()).hexdigest()[:16],
        parameters={"samples": str(manifest.samples), "seed": str(manifest.seed)},
    )


def require_dicom(cases: Iterable[Case]) -> None:
    """Refuse cases that no DICOM file can be made of.

    Raises:
        DataError: An image is not DICOM, or a DICOM SEG cannot refer to it.
    """
    from tfuq.data.readers.dicom.source import require_source

    for case in cases:
        if not case.images or not is_dicom(case.images[0]):
            image = case.images[0] if case.images else case.id
            raise DataError(
                f"--dicom: {image} is no DICOM series, which a DICOM SEG refers to; "
                "give DICOM scans by --input, or leave --dicom out"
            )
        require_source(case.images[0], case.series)


def dicom_files(
    case: Case, *, classes: Sequence[str], maps: Sequence[str], manifest: Manifest
) -> DicomFiles:
    """What is to be written of a case; of several channels, the first is referred to.

    Args:
        case: The case.
        classes: The names of the classes.
        maps: The names of the maps of uncertainty.
        manifest: How the samples are made.

    Raises:
        DataError: As `require_dicom`.
    """
    from tfuq.data.readers.dicom.source import read_source

    return DicomFiles(
        source=read_source(case.images[0], case.series),
        classes=classes,
        maps=maps,
        algorithm=algorithm_of(manifest),
    )
