"""A segmented case and the folder that it is written to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tfuq.data.volume import Volume
from tfuq.data.writers import whole_folder, write_csv, write_nifti
from tfuq.measures.sample_masks import StoredSamples
from tfuq.prediction.dicom import DicomFiles
from tfuq.prediction.statistics import Row
from tfuq.runs.results import STRUCTURES

CASE = "case of predictions"


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One case as predicted.

    Attributes:
        case: The case's id.
        volumes: Maps by name on the input's own grid.
        structures: The rows of ``structures.csv``.
        seconds: Seconds by stage.
        samples: The samples, where they are kept.
        dicom: What is written as DICOM, where it is asked for.
    """

    case: str
    volumes: dict[str, Volume]
    structures: list[Row]
    seconds: dict[str, float]
    samples: StoredSamples | None = None
    dicom: DicomFiles | None = None

    def write(self, folder: Path) -> None:
        """Write the case's folder, whole or not at all."""
        with whole_folder(folder, CASE) as unfinished:
            for name, volume in self.volumes.items():
                write_nifti(unfinished / f"{name}.nii.gz", volume)
            rows = [{"case": self.case, **row} for row in self.structures]
            write_csv(unfinished / STRUCTURES, rows)
            if self.samples:
                self.samples.write(unfinished)
            if self.dicom:
                self.dicom.write(unfinished, self.volumes)
