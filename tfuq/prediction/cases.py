"""Which cases to predict: those of a test split, or what files and folders hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of, sorted_unique
from tfuq.data.readers import is_readable, stem
from tfuq.errors import DataError
from tfuq.runs import Run


def cases_of_test_split(run: Run) -> list[Case]:
    """The cases of the run's test split.

    Raises:
        DataError: the split is empty, or a case is gone from the data set.
    """
    config, wanted = run.config, run.split["test"]
    if not wanted:
        raise DataError(f"{run.path}: the test split is empty; name files with --input, or train with data.split.test above 0")
    known = {case.id: case for case in cases_of(config.data)}
    missing = [case_id for case_id in wanted if case_id not in known]
    if missing:
        raise DataError(
            f"{config.data.root}: test case '{missing[0]}' is no longer there; restore it, or name files with --input"
        )
    return [known[case_id] for case_id in wanted]


def input_cases(config: Config, channels: int, inputs: tuple[Path, ...]) -> list[Case]:
    """Cases from folders in the configuration's layout, folders of files, and files.

    Segmentation by a network of several channels takes single files in groups of that many, in the order given; the other
    tasks' images have all of theirs in one file.

    Raises:
        DataError: nothing to read, or files that do not make whole groups.
    """
    cases, files = [], []
    channels = channels if config.task == "segmentation" else 1
    for path in inputs:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder")
        if path.is_dir():
            cases += _folder_cases(config, channels, path)
        else:
            files.append(path)
    return sorted_unique(cases + _grouped(files, _files_of_a_case(config, channels)), "--input")


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


def _files_of_a_case(config: Config, channels: int) -> int:
    """A scan may come as a file for each channel, a picture has its colours in one."""
    return channels if config.task == "segmentation" else 1


def _folder_cases(config: Config, channels: int, folder: Path) -> list[Case]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and is_readable(path))
    try:
        return cases_of(config.data, folder)
    except DataError:
        if files and _files_of_a_case(config, channels) == 1:
            return _grouped(files, 1)
        raise


def _grouped(files: list[Path], channels: int) -> list[Case]:
    if len(files) == 1 or channels == 1:
        return [Case(stem(path), (path,)) for path in files]
    if len(files) % channels:
        raise DataError(
            f"--input: {len(files)} files do not make cases of {channels} channels each; give the channels of each case in turn"
        )
    return [Case(stem(files[i]), tuple(files[i : i + channels])) for i in range(0, len(files), channels)]
