"""The dose that each predicted structure receives, by way of the samples that ``tfuq predict --save-samples`` keeps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq import results, runs
from tfuq.config import Config, with_label_values
from tfuq.data.cases import Case, read_case_label
from tfuq.data.readers import is_readable, read, stem
from tfuq.data.volume import Volume, onto_grid, reaches_beyond
from tfuq.errors import DataError, RunError
from tfuq.masks import STORED, read_samples
from tfuq.results import Manifest
from tfuq.scoring.bootstrap import share_with_interval
from tfuq.scoring.dose import VALUES, dose_band, dose_values
from tfuq.scoring.evaluation.segmentation import cases_with_references

_BEYOND = -1.0  # marks voxels that the dose volume does not reach; no dose is negative


@dataclass(frozen=True)
class DoseTables:
    """Rows of ``dose.csv`` (a case and class each) and of ``dose_volume.csv`` (and a level of dose each)."""

    values: list[dict]
    curves: list[dict]

    def spread_coverage(self) -> dict[str, dict]:
        """By class and value: how often the spread of the samples holds the reference's value, over the cases that have both."""
        classes = dict.fromkeys(row["class"] for row in self.values)
        table = {name: _held([row for row in self.values if row["class"] == name]) for name in classes}
        return {name: found for name, found in table.items() if found}


def score_dose(folder: Path, reference: Path | None, dose: Path, label_values: str | None = None) -> DoseTables:
    """Dose–volume histograms of a predictions folder's structures under ``dose``: a file, for one case, or a folder of
    ``<case>.nii.gz``. Each is brought onto the network's grid, on which the samples are.

    Raises:
        DataError: no dose for a case, one that does not overlap it or is no dose. RunError: samples that were not kept.
    """
    manifest = results.read_manifest(folder)
    config = with_label_values(runs.open_run(Path(manifest.run)).config, label_values)
    if config.task != "segmentation":
        raise DataError(f"--dose: {folder} holds predictions of {config.task}; it serves segmentation")
    files = _dose_files(dose, manifest)
    values, curves = [], []
    for case in cases_with_references(manifest, config, reference):
        for row, band in _case_rows(folder, case, config, files[case.id]):
            values.append(row)
            curves += band
    return DoseTables(values, curves)


def _held(rows: list[dict]) -> dict[str, dict]:
    table = {}
    for name in VALUES:
        having = [row for row in rows if None not in (row.get(f"{name}_lower"), row.get(f"{name}_reference"))]
        if having:
            held = [row[f"{name}_lower"] <= row[f"{name}_reference"] <= row[f"{name}_upper"] for row in having]
            found = share_with_interval(np.array(held), np.array([row["case"] for row in having]))
            table[name] = found | {"samples": having[0]["samples"]}
    return table


def _dose_files(dose: Path, manifest: Manifest) -> dict[str, Path]:
    """The dose file of each case."""
    if dose.is_dir():
        found = {stem(path): path for path in sorted(dose.iterdir()) if path.is_file() and is_readable(path)}
        missing = [case_id for case_id in manifest.cases if case_id not in found]
        if missing:
            raise DataError(f"--dose {dose}: has no file for case '{missing[0]}'; name it {missing[0]}.nii.gz")
        return found
    if not dose.is_file():
        raise DataError(f"--dose {dose}: no such file or folder")
    if len(manifest.cases) != 1:
        raise DataError(f"--dose {dose}: is one file for {len(manifest.cases)} cases; give a folder of <case>.nii.gz")
    return dict.fromkeys(manifest.cases, dose)


def _case_rows(folder: Path, case: Case, config: Config, path: Path):
    samples = read_samples(folder / case.id, len(config.data.classes))
    label = read(folder / case.id / "label.nii.gz")
    if reaches_beyond(samples.grid, label):
        raise RunError(
            f"{folder / case.id / STORED}: was written with the network's padding, which is no part of the scan; "
            "predict again with --save-samples --overwrite"
        )
    volume = _read_dose(path)
    dose, seen = (_onto(path, volume, grid) for grid in (samples.grid, label))
    truth = read_case_label(case, label, len(config.data.classes), config.data.label_values).array
    highest = max(float(volume.array.max()), 1.0)
    for name, classes in config.data.structures.items():
        head = {"case": case.id, "class": name}
        masks = samples.of_classes(classes)
        band = dose_band(np.maximum(dose, 0), masks.unpacked(), highest)
        union = masks.union()
        beyond = {"beyond_dose_percent": float(100 * (dose[union] == _BEYOND).mean()) if union.any() else None}
        true = {f"{key}_reference": value for key, value in _reference(np.maximum(seen, 0)[np.isin(truth, classes)]).items()}
        yield head | band.row() | true | beyond, [head | row for row in band.rows()]


def _reference(doses: np.ndarray) -> dict[str, float]:
    return dose_values(doses) if len(doses) else {}


def _read_dose(path: Path) -> Volume:
    volume = read(path)
    if volume.array.ndim != 3 or volume.array.min() < 0 or not volume.array.max() > 0:
        low, high = volume.array.min(), volume.array.max()
        raise DataError(
            f"{path}: is no dose volume: it needs one channel, in Gy, none below and some above 0; "
            f"it has {volume.array.shape[3] if volume.array.ndim > 3 else 1} from {low:g} to {high:g}"
        )
    return volume


def _onto(path: Path, volume: Volume, grid: Volume) -> np.ndarray:
    """The dose on a grid, `_BEYOND` where it does not reach."""
    array = onto_grid(volume, grid, fill=_BEYOND).array
    if (array == _BEYOND).all():
        raise DataError(
            f"{path}: does not overlap its case; check both affines, or give the dose that was planned on this scan"
        )
    return array
