"""The dose of each predicted case: found by the case's name, read, and brought onto its grid."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfuq.data.readers import is_readable, read, stem
from tfuq.data.readers.dicom.marks import dicom_stem
from tfuq.data.readers.dicom_objects import is_dicom, require_same_frame
from tfuq.data.readers.rtdose import Dose, is_rtdose, is_whole_plan, read_rtdose
from tfuq.data.regridding import onto_grid
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.runs.results import Manifest
from tfuq.scoring.dose import BEYOND

_log = logging.getLogger(__name__)
_UNUSUAL_GY = 200.0  # above the highest doses of external beams


def dose_files(dose: Path, manifest: Manifest) -> dict[str, Path]:
    """The dose file of each case.

    Args:
        dose: a file, for a single case, or a folder with a file named as each case, or with a
            folder named as it that holds the RTDOSE of its plan.
        manifest: of the predictions.

    Raises:
        DataError: there is none for a case, or more than one.
    """
    if dose.is_dir():
        return _files_in(dose, sorted(manifest.cases))
    if not dose.is_file():
        raise DataError(f"--dose {dose}: no such file or folder")
    cases = len(manifest.cases)
    if cases != 1:
        raise DataError(
            f"--dose {dose}: is one file for {cases} cases; give a folder of <case>.nii.gz or "
            "<case>.dcm"
        )
    return dict.fromkeys(manifest.cases, dose)


def _files_in(folder: Path, cases: Sequence[str]) -> dict[str, Path]:
    named = _named(folder)
    files = {}
    for case_id in cases:
        candidates = named.get(case_id, [])
        if not candidates:
            raise DataError(
                f"--dose {folder}: has no file for case '{case_id}'; name it {case_id}.nii.gz or "
                f"{case_id}.dcm, or put the RTDOSE into a folder {case_id}"
            )
        if len(candidates) > 1:
            names = " and ".join(path.name for path in candidates)
            raise DataError(f"--dose {folder}: has {names} for case '{case_id}'; keep one")
        files[case_id] = candidates[0]
        if candidates[0].is_dir():
            files[case_id] = _plan_within(candidates[0])
    return files


def _named(folder: Path) -> dict[str, list[Path]]:
    """What may be the dose of a case, by its name: files, and folders that hold RTDOSE."""
    named: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if _doses_within(path):
                named.setdefault(path.name, []).append(path)
        elif is_readable(path):
            named.setdefault(stem(path), []).append(path)
        elif is_dicom(path):
            named.setdefault(dicom_stem(path), []).append(path)
    return named


def _doses_within(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if is_rtdose(path)]


def _plan_within(folder: Path) -> Path:
    """The one file of a folder that holds the dose of a whole plan; those of beams are left."""
    doses = _doses_within(folder)
    plans = [path for path in doses if is_whole_plan(path)]
    if len(plans) != 1:
        names = ", ".join(path.name for path in doses)
        raise DataError(
            f"--dose {folder}: {len(plans)} of its RTDOSE files ({names}) hold the dose of a whole "
            "plan; leave exactly one there, as doses are not summed"
        )
    return plans[0]


def read_dose(path: Path, others: Sequence[Path]) -> Volume:
    """Read a dose on its own grid.

    Args:
        path: a file of RTDOSE, or one that `tfuq.data.readers.read` takes, in Gy.
        others: files of the scan and its structures, whose frame of reference must be the dose's
            where both are known.

    Returns:
        ``[X, Y, Z]`` in Gy.

    Raises:
        DataError: it is no dose, or lies in other coordinates.
    """
    dose = _read(path)
    require_same_frame(path, dose.frame_of_reference, others)
    array = dose.volume.array
    if array.ndim != 3 or array.min() < 0 or not array.max() > 0:
        channels = 1
        if array.ndim > 3:
            channels = array.shape[3]
        raise DataError(
            f"{path}: is no dose volume: it needs one channel, in Gy, none below and some above 0; "
            f"it has {channels} from {array.min():g} to {array.max():g}"
        )
    if array.max() > _UNUSUAL_GY:
        _log.warning(
            "%s: its highest dose is %g Gy; if its unit is cGy, divide it by 100",
            path,
            array.max(),
        )
    return dose.volume


def _read(path: Path) -> Dose:
    if is_dicom(path):
        return read_rtdose(path)
    volume = read(path)
    if volume.array.ndim == 4 and volume.array.shape[3] == 1:
        volume = volume.with_array(volume.array[..., 0])
    return Dose(volume=volume, frame_of_reference=None)


def dose_on(path: Path, volume: Volume, grid: Volume) -> np.ndarray:
    """The dose on a grid, interpolated linearly; `BEYOND` where it does not reach.

    Args:
        path: of the dose, for messages.
        volume: the dose on its own grid.
        grid: whose voxels are taken.

    Raises:
        DataError: it reaches none of them.
    """
    array = onto_grid(volume, grid, fill=BEYOND).array
    if (array == BEYOND).all():
        raise DataError(
            f"{path}: does not overlap its case; check both affines, or give the dose that was "
            "planned on this scan"
        )
    return array
