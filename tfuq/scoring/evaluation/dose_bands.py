"""The dose that each structure of a predicted case receives, over its samples.

It is told from the samples that ``tfuq predict --save-samples`` keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tfuq import runs
from tfuq.config import TASKS, Config
from tfuq.data.readers import read
from tfuq.data.regridding import reaches_beyond
from tfuq.data.volume import Volume
from tfuq.errors import DataError, RunError
from tfuq.measures.sample_masks import STORED, SampleMasks, StoredSamples, read_samples
from tfuq.runs.results import Manifest
from tfuq.scoring.dose import BEYOND, DoseBand, dose_band
from tfuq.scoring.dose_quantities import Quantity
from tfuq.scoring.evaluation.dose_files import dose_on, read_dose
from tfuq.scoring.rows import Row

_MM3_PER_CC = 1000.0


def dose_config(folder: Path, manifest: Manifest) -> Config:
    """The configuration of predictions that have structures.

    Raises:
        DataError: they are of a task without volumes.
    """
    config = runs.open_run(Path(manifest.run)).config
    if not TASKS[config.task].has_volumes:
        raise DataError(
            f"--dose: {folder} holds predictions of {config.task}; it serves segmentation"
        )
    return config


@dataclass(frozen=True, kw_only=True)
class CaseDose:
    """A predicted case with its dose.

    Attributes:
        case: its id.
        folder: of its predictions.
        config: of the run.
        dose_file: the file of its dose.
        others: the files of the scan, and of its structures where they have a reference.
        quantities: what is told.
    """

    case: str
    folder: Path
    config: Config
    dose_file: Path
    others: Sequence[Path]
    quantities: Sequence[Quantity]

    @cached_property
    def label(self) -> Volume:
        """What was predicted, on the scan's grid."""
        return read(self.folder / "label.nii.gz")

    @cached_property
    def volume(self) -> Volume:
        """The dose on its own grid."""
        return read_dose(self.dose_file, self.others)

    def on(self, grid: Volume) -> np.ndarray:
        """The dose on another grid, as `dose_on` has it."""
        return dose_on(self.dose_file, self.volume, grid)

    def bands(self) -> Iterator[tuple[Row, DoseBand]]:
        """Each structure: the beginning of its rows, and its band.

        Raises:
            RunError: the samples were not kept, or are of an earlier version.
            DataError: the dose does not fit the case.
        """
        samples = read_samples(self.folder, len(self.config.data.classes))
        _refuse_padding(self.folder / STORED, samples, self.label)
        dose = self.on(samples.grid)
        highest = max(float(self.volume.array.max()), 1.0)
        for name, members in self.config.data.structures.items():
            masks = samples.of_classes(members)
            band = dose_band(dose, masks.unpacked(), highest, cc_of(samples.grid), self.quantities)
            head = {"case": self.case, "class": name}
            yield head | {"beyond_dose_percent": _percent_beyond(dose, masks)}, band


def cc_of(grid: Volume) -> float:
    """The volume of a voxel in cm³."""
    return grid.voxel_volume / _MM3_PER_CC


def _refuse_padding(path: Path, samples: StoredSamples, label: Volume) -> None:
    if reaches_beyond(samples.grid, label):
        raise RunError(
            f"{path}: was written with the network's padding, which is no part of the scan; "
            "predict again with --save-samples --overwrite"
        )


def _percent_beyond(dose: np.ndarray, masks: SampleMasks) -> float | None:
    """The percentage of the voxels of any sample that the dose does not reach."""
    union = masks.union()
    if not union.any():
        return None
    is_beyond = dose[union] == BEYOND
    return float(100 * is_beyond.mean())
