"""The dose that each predicted structure receives.

It is told from the samples that ``tfuq predict --save-samples`` keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq import runs
from tfuq.config import TASKS, Config, with_label_values
from tfuq.data.cases import Case, read_case_label
from tfuq.data.readers import is_readable, read, stem
from tfuq.data.volume import Volume, onto_grid, reaches_beyond
from tfuq.errors import DataError, RunError
from tfuq.measures.sample_masks import STORED, SampleMasks, StoredSamples, read_samples
from tfuq.runs import results
from tfuq.runs.results import Manifest
from tfuq.scoring.bootstrap import share_with_interval
from tfuq.scoring.dose import VALUES, dose_band, dose_values
from tfuq.scoring.evaluation.references import cases_with_references
from tfuq.scoring.rows import Row, column, distinct, rows_of, rows_with

_BEYOND = -1.0  # marks voxels that the dose volume does not reach; no dose is negative


@dataclass(frozen=True, kw_only=True)
class DoseTables:
    """Tables of doses.

    Attributes:
        values: rows of ``dose.csv``, a case and class each.
        curves: rows of ``dose_volume.csv``, a case, class and level of dose each.
    """

    values: list[Row]
    curves: list[Row]

    def spread_coverage(self) -> dict[str, dict[str, Row]]:
        """By class and value: how often the spread of the samples holds the reference's value.

        This is over the cases that have both.
        """
        table = {}
        for name in distinct(self.values, "class"):
            by_value = _coverage(rows_of(self.values, "class", name))
            if by_value:
                table[name] = by_value
        return table


def _coverage(rows: list[Row]) -> dict[str, Row]:
    table = {}
    for name in VALUES:
        complete = rows_with(rows_with(rows, f"{name}_lower"), f"{name}_reference")
        if complete:
            held = [_is_held(row, name) for row in complete]
            cases = np.array(column(complete, "case"))
            share = share_with_interval(np.array(held), cases)
            table[name] = share | {"samples": complete[0]["samples"]}
    return table


def _is_held(row: Row, name: str) -> bool:
    return bool(row[f"{name}_lower"] <= row[f"{name}_reference"] <= row[f"{name}_upper"])


def score_dose(
    folder: Path,
    reference: Path | None,
    dose: Path,
    label_values: str | None = None,
) -> DoseTables:
    """Dose–volume histograms of a predictions folder's structures.

    Doses are brought onto the network's grid, on which the samples are.

    Args:
        folder: of the predictions.
        reference: a folder of labels; None for those that the manifest names.
        dose: a file, for one case, or a folder of ``<case>.nii.gz``, in Gy.
        label_values: what the values of the references stand for, where it is not what
            ``data.label_values`` says.

    Raises:
        DataError: no dose for a case, one that does not overlap it or is no dose.
        RunError: samples that were not kept.
    """
    manifest = results.read_manifest(folder)
    run = runs.open_run(Path(manifest.run))
    config = with_label_values(run.config, label_values)
    if not TASKS[config.task].has_volumes:
        raise DataError(
            f"--dose: {folder} holds predictions of {config.task}; it serves segmentation"
        )
    files = _dose_files(dose, manifest)
    values = []
    curves = []
    for case in cases_with_references(manifest, config, reference):
        for row, curve in _case_rows(folder / case.id, case, config, files[case.id]):
            values.append(row)
            curves += curve
    return DoseTables(values=values, curves=curves)


def _dose_files(dose: Path, manifest: Manifest) -> dict[str, Path]:
    """The dose file of each case."""
    if dose.is_dir():
        return _files_in(dose, manifest)
    if not dose.is_file():
        raise DataError(f"--dose {dose}: no such file or folder")
    cases = len(manifest.cases)
    if cases != 1:
        raise DataError(
            f"--dose {dose}: is one file for {cases} cases; give a folder of <case>.nii.gz"
        )
    return dict.fromkeys(manifest.cases, dose)


def _files_in(folder: Path, manifest: Manifest) -> dict[str, Path]:
    files = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and is_readable(path):
            files[stem(path)] = path
    for case_id in manifest.cases:
        if case_id not in files:
            raise DataError(
                f"--dose {folder}: has no file for case '{case_id}'; name it {case_id}.nii.gz"
            )
    return files


def _case_rows(
    folder: Path,
    case: Case,
    config: Config,
    dose_file: Path,
) -> Iterator[tuple[Row, list[Row]]]:
    """A row of values and rows of the curve, for each structure of a case.

    Args:
        folder: of the case.
        case: with its reference.
        config: of the run.
        dose_file: of the case.
    """
    classes = len(config.data.classes)
    samples = read_samples(folder, classes)
    label = read(folder / "label.nii.gz")
    _refuse_padding(folder / STORED, samples, label)
    volume = _read_dose(dose_file)
    dose = _onto(dose_file, volume, samples.grid)
    dose_on_label = _onto(dose_file, volume, label)
    truth = read_case_label(case, label, classes, config.data.label_values).array
    highest = max(float(volume.array.max()), 1.0)
    for name, members in config.data.structures.items():
        head = {"case": case.id, "class": name}
        masks = samples.of_classes(members)
        band = dose_band(np.maximum(dose, 0), masks.unpacked(), highest)
        true_doses = np.maximum(dose_on_label, 0)[np.isin(truth, members)]
        row = {**head, **band.row(), **_reference_values(true_doses)}
        row["beyond_dose_percent"] = _percent_beyond(dose, masks)
        yield row, [head | point for point in band.rows()]


def _refuse_padding(path: Path, samples: StoredSamples, label: Volume) -> None:
    if reaches_beyond(samples.grid, label):
        raise RunError(
            f"{path}: was written with the network's padding, which is no part of the scan; "
            "predict again with --save-samples --overwrite"
        )


def _reference_values(doses: np.ndarray) -> Row:
    """The reference's values; none where it does not have the structure."""
    if not len(doses):
        return {}
    return {f"{name}_reference": value for name, value in dose_values(doses).items()}


def _percent_beyond(dose: np.ndarray, masks: SampleMasks) -> float | None:
    """The percentage of the voxels of any sample that the dose volume does not reach."""
    union = masks.union()
    if not union.any():
        return None
    is_beyond = dose[union] == _BEYOND
    return float(100 * is_beyond.mean())


def _read_dose(path: Path) -> Volume:
    volume = read(path)
    array = volume.array
    if array.ndim != 3 or array.min() < 0 or not array.max() > 0:
        channels = 1
        if array.ndim > 3:
            channels = array.shape[3]
        raise DataError(
            f"{path}: is no dose volume: it needs one channel, in Gy, none below and some above 0; "
            f"it has {channels} from {array.min():g} to {array.max():g}"
        )
    return volume


def _onto(path: Path, volume: Volume, grid: Volume) -> np.ndarray:
    """The dose on a grid, `_BEYOND` where it does not reach."""
    array = onto_grid(volume, grid, fill=_BEYOND).array
    if (array == _BEYOND).all():
        raise DataError(
            f"{path}: does not overlap its case; check both affines, or give the dose that was "
            "planned on this scan"
        )
    return array
