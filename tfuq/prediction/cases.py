"""Which cases to predict: those of a test split, or what files and folders hold."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from tfuq.calibrations import Calibration
from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of, sorted_unique
from tfuq.data.readers import is_readable, stem
from tfuq.data.readers.text import read_plain_text
from tfuq.data.splits import CALIBRATION
from tfuq.errors import DataError
from tfuq.runs import Run


def cases_of_test_split(run: Run, calibration: Calibration | None = None) -> list[Case]:
    """The cases of the run's test split, but for those that the calibration was made of.

    Raises:
        DataError: the split is empty, or a case is gone from the data set.
    """
    wanted = run.split["test"]
    if not wanted:
        raise DataError(f"{run.path}: the test split is empty; name files with --input, or train with data.split.test above 0")
    cases = [case for case in _known(run, wanted) if not (calibration and calibration.holds(case))]
    if not cases:
        raise DataError(
            f"{run.path}: all of its test cases are calibration cases; name others with --input, or calibrate on fewer"
        )
    return cases


def calibration_source(run: Run) -> str:
    """The cases to calibrate on where none are named: the part of the split that nothing was trained or chosen on.

    Raises:
        DataError: the split has no such part.
    """
    if not run.split.get(CALIBRATION):
        raise DataError(
            f"{run.path}: its split has no calibration cases, which nothing was trained or chosen on; pass --cases test:0.5, which leaves "
            "half of the test cases to score, or train with data.split.calibration above 0 (--cases validation is served too, but those "
            "cases chose the best epoch)"
        )
    return CALIBRATION


def calibration_cases(run: Run, source: str, seed: int) -> list[Case]:
    """The cases that ``source`` names: ``calibration`` or ``validation``, ``test:SHARE`` (that share of the test split, drawn by
    the seed), or a file of case ids, one a line.

    Raises:
        DataError: there are none, or one that is unknown, has no reference, or was trained on.
    """
    if source in (CALIBRATION, "validation"):
        wanted = run.split.get(source, [])
        if not wanted:
            raise DataError(f"{run.path}: has no {source} cases; calibrate on others, as in --cases test:0.5")
    elif source.startswith("test:"):
        wanted = _share(run.split["test"], source, seed)
    else:
        wanted = _listed(Path(source), set(run.split["train"]))
    cases = _known(run, wanted)
    without = next((case for case in cases if not case.has_reference), None)
    if without:
        raise DataError(f"--cases {source}: case '{without.id}' has no reference; calibration needs one of every case")
    return cases


def _share(test: list[str], source: str, seed: int) -> list[str]:
    try:
        share = float(source.removeprefix("test:"))
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise DataError(f"--cases {source}: is no share of the test split between 0 and 1; give one, as in test:0.5")
    order = np.random.default_rng(seed).permutation(sorted(test))
    return sorted(str(case_id) for case_id in order[: round(share * len(order))])


def _listed(path: Path, trained_on: set[str]) -> list[str]:
    try:
        wanted = sorted({line.strip() for line in read_plain_text(path).splitlines()} - {""})
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"--cases {path}: is neither calibration, nor validation, nor test:SHARE, nor a text file of case ids ({error})"
        ) from error
    own = [case_id for case_id in wanted if case_id in trained_on]
    if own or not wanted:
        what = f"case '{own[0]}' was trained on" if own else "names no case"
        raise DataError(f"--cases {path}: {what}; name cases that the run has not seen, one id a line")
    return wanted


def _known(run: Run, wanted: list[str]) -> list[Case]:
    known = {case.id: case for case in cases_of(run.config.data)}
    missing = [case_id for case_id in wanted if case_id not in known]
    if missing:
        raise DataError(f"{run.config.data.root}: case '{missing[0]}' is not there; restore it, or name others")
    return [known[case_id] for case_id in wanted]


def input_cases(config: Config, channels: int, inputs: tuple[Path, ...]) -> list[Case]:
    """Cases from folders in the configuration's layout, folders of files, and files.

    Segmentation by a network of several channels takes single files in groups of that many, in the order given; the other
    tasks' images have all of theirs in one file.

    Raises:
        DataError: nothing to read, or files that do not make whole groups.
    """
    cases, files = [], []
    per_case = channels if config.task == "segmentation" else 1
    for path in inputs:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder")
        if path.is_dir():
            cases += _folder_cases(config, per_case, path)
        else:
            files.append(path)
    return sorted_unique(cases + _grouped(config, files, per_case), "--input")


def with_masks(config: Config, cases: list[Case], masks: Path) -> list[Case]:
    """The cases with where to look in them: a file for a single case, or a folder of ``ID.*`` or of ``ID/label.nii.gz``, as
    ``tfuq predict`` writes them.

    Raises:
        DataError: the run looks everywhere, or a case has no mask there.
    """
    if not config.preprocessing.crop_to_labels:
        raise DataError(f"--mask {masks}: the run has no preprocessing.crop_to_labels, so it takes no mask; leave --mask out")
    if not masks.exists():
        raise DataError(f"--mask {masks}: no such file or folder")
    if masks.is_file():
        if len(cases) > 1:
            raise DataError(f"--mask {masks}: is one file for {len(cases)} cases; give a folder that has one for each")
        return [replace(case, mask=masks) for case in cases]
    found = {stem(path): path for path in sorted(masks.iterdir()) if path.is_file() and is_readable(path)}
    found |= {path.parent.name: path for path in masks.glob("*/label.nii.gz")}
    missing = [case.id for case in cases if case.id not in found]
    if missing:
        raise DataError(
            f"--mask {masks}: has neither {missing[0]}.nii.gz nor {missing[0]}/label.nii.gz; add a mask for each case"
        )
    return [replace(case, mask=found[case.id]) for case in cases]


def _folder_cases(config: Config, per_case: int, folder: Path) -> list[Case]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and is_readable(path))
    try:
        return cases_of(config.data, folder)
    except DataError as error:
        if files and per_case == 1:
            return _grouped(config, files, 1)
        if files:
            raise
        what = "scans" if config.task == "segmentation" else "images"
        raise DataError(
            f"{folder}: holds no {what} that tfuq reads, and is no data set of layout {config.data.layout} ({error}); give {what}, "
            "or a folder of them"
        ) from error


def _grouped(config: Config, files: list[Path], channels: int) -> list[Case]:
    pixel_mm = config.data.pixel_mm
    if len(files) == 1 or channels == 1:
        return [Case(stem(path), (path,), pixel_mm=pixel_mm) for path in files]
    if len(files) % channels:
        raise DataError(
            f"--input: {len(files)} files do not make cases of {channels} channels each; give the channels of each case in turn"
        )
    groups = [tuple(files[i : i + channels]) for i in range(0, len(files), channels)]
    return [Case(stem(group[0]), group, pixel_mm=pixel_mm) for group in groups]
