"""Which cases to predict: those of a test split, or what files and folders hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tfuq.calibration.records import Calibration
from tfuq.config import TASKS, Config
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of, sorted_unique
from tfuq.data.readers import is_readable, stem
from tfuq.errors import DataError
from tfuq.runs import Run


def cases_of_test_split(run: Run, calibration: Calibration | None = None) -> list[Case]:
    """The cases of the run's test split, without those that the calibration was made of.

    Raises:
        DataError: The split is empty, or a case is gone from the data set.
    """
    test = run.split["test"]
    if not test:
        raise DataError(
            f"{run.path}: the test split is empty; name files with --input, "
            "or train with data.split.test above 0"
        )
    cases = known_cases(run, test)
    if calibration:
        cases = [case for case in cases if not calibration.holds(case)]
    if not cases:
        raise DataError(
            f"{run.path}: all of its test cases are calibration cases; "
            "name others with --input, or calibrate on fewer"
        )
    return cases


def known_cases(run: Run, ids: Sequence[str]) -> list[Case]:
    """The cases of the run's data set with these ids.

    Raises:
        DataError: One is gone from the data set.
    """
    by_id = {case.id: case for case in cases_of(run.config.data)}
    cases = []
    for case_id in ids:
        if case_id not in by_id:
            raise DataError(
                f"{run.config.data.root}: case '{case_id}' is not there; restore it, or name others"
            )
        cases.append(by_id[case_id])
    return cases


def input_cases(config: Config, channels: int, inputs: tuple[Path, ...]) -> list[Case]:
    """Cases from folders in the configuration's layout, folders of files, and files.

    Segmentation by a network of several channels takes single files in groups of that many, in the
    order given. The images of other tasks have all of their channels in one file.

    Args:
        config: The configuration.
        channels: The number of channels that the network takes.
        inputs: Files and folders.

    Raises:
        DataError: There is nothing to read, or files do not make whole groups.
    """
    cases: list[Case] = []
    files: list[Path] = []
    files_per_case = 1
    if TASKS[config.task].has_volumes:
        files_per_case = channels
    for path in inputs:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder")
        if path.is_dir():
            cases += _folder_cases(config, files_per_case, path)
        else:
            files.append(path)
    return sorted_unique(cases + _grouped(config, files, files_per_case), "--input")


def with_masks(config: Config, cases: list[Case], masks: Path) -> list[Case]:
    """Give each case the mask of where to look.

    Args:
        config: The configuration.
        cases: The cases.
        masks: A file for a single case, or a folder that has ``ID.*`` or ``ID/label.nii.gz`` of
            each case. ``tfuq predict`` writes the latter.

    Raises:
        DataError: The run looks everywhere, or a case has no mask there.
    """
    if not config.preprocessing.crop_to_labels:
        raise DataError(
            f"--mask {masks}: the run has no preprocessing.crop_to_labels, "
            "so it takes no mask; leave --mask out"
        )
    if not masks.exists():
        raise DataError(f"--mask {masks}: no such file or folder")
    if masks.is_file():
        return _with_mask(cases, masks)
    by_id = _masks_in(masks)
    masked = []
    for case in cases:
        if case.id not in by_id:
            raise DataError(
                f"--mask {masks}: has neither {case.id}.nii.gz nor {case.id}/label.nii.gz; "
                "add a mask for each case"
            )
        masked.append(replace(case, mask=by_id[case.id]))
    return masked


def _with_mask(cases: list[Case], mask: Path) -> list[Case]:
    if len(cases) > 1:
        raise DataError(
            f"--mask {mask}: is one file for {len(cases)} cases; "
            "give a folder that has one for each"
        )
    return [replace(case, mask=mask) for case in cases]


def _masks_in(folder: Path) -> dict[str, Path]:
    """The masks of a folder by the id of the case."""
    masks = {stem(path): path for path in _readable_files(folder)}
    for path in folder.glob("*/label.nii.gz"):
        masks[path.parent.name] = path
    return masks


def _readable_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and is_readable(path))


def _folder_cases(config: Config, files_per_case: int, folder: Path) -> list[Case]:
    files = _readable_files(folder)
    try:
        return cases_of(config.data, folder)
    except DataError as error:
        if files and files_per_case == 1:
            return _grouped(config, files, 1)
        if files:
            raise _channels_not_told(config, files_per_case, folder, error) from error
        raise _nothing_to_read(config, folder, error) from error


def _channels_not_told(
    config: Config,
    channels: int,
    folder: Path,
    error: DataError,
) -> DataError:
    return DataError(
        f"{folder}: a case of this run has {channels} channels, and which files of a folder belong "
        f"together is told by layout {config.data.layout} alone ({error}); give the files of each "
        "case in turn, each with --input"
    )


def _nothing_to_read(config: Config, folder: Path, error: DataError) -> DataError:
    images = "images"
    if TASKS[config.task].has_volumes:
        images = "scans"
    return DataError(
        f"{folder}: holds no {images} that tfuq reads, and is no data set of layout "
        f"{config.data.layout} ({error}); give {images}, or a folder of them"
    )


def _grouped(config: Config, files: list[Path], channels: int) -> list[Case]:
    """Cases of so many files each, in the order given."""
    if len(files) == 1 or channels == 1:
        return [_case_of(config, (path,)) for path in files]
    if len(files) % channels:
        raise DataError(
            f"--input: {len(files)} files do not make cases of {channels} channels each; "
            "give the channels of each case in turn"
        )
    cases = []
    for start in range(0, len(files), channels):
        group = tuple(files[start : start + channels])
        cases.append(_case_of(config, group))
    return cases


def _case_of(config: Config, images: tuple[Path, ...]) -> Case:
    return Case(
        id=stem(images[0]),
        images=images,
        pixel_mm=config.data.pixel_mm,
    )
