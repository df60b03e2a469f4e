"""Which cases to predict: those of a test split, or what files and folders hold."""

from __future__ import annotations

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
