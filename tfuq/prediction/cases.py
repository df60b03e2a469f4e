"""Which cases to predict: those of a test split, or what files and folders hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tfuq.calibration.records import Calibration
from tfuq.config import SPLITS, TASKS, Config, DataConfig, Split
from tfuq.data.cases import Case
from tfuq.data.channels import name_key, readable_files
from tfuq.data.layouts import cases_of, is_made_on_use, sorted_unique
from tfuq.data.layouts.pairing import files_by_name
from tfuq.data.readers.dicom.marks import is_dicom, is_dicom_file, is_series_folder, refuse_deeper
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.errors import DataError, resembling
from tfuq.prediction.grouping import Channels, groups_of_files, groups_of_folder
from tfuq.runs import Run

# Their numbers of channels are those of nnU-Net, which came with the Decathlon.
_INDEXED_LAYOUTS = ("nnunet", "decathlon", "brain-phantom", "head-phantom", "liver-phantom")


def cases_of_test_split(run: Run, calibration: Calibration | None = None) -> list[Case]:
    """As `cases_of_split`, of the run's test split."""
    return cases_of_split(run, "test", calibration)


def cases_of_split(run: Run, split: Split, calibration: Calibration | None = None) -> list[Case]:
    """The cases of a part of the run's split, without those that the calibration was made of.

    Args:
        run: The run.
        split: The part; "all" is every case of the split, those of calibration too.
        calibration: Whose cases are left out.

    Raises:
        DataError: The part is empty, or the data set or a case of it is gone.
    """
    ids = _ids_of(run, split)
    data = run.config.data
    if not Path(data.root).is_dir() and not is_made_on_use(data.layout, data.root):
        raise DataError(
            f"{data.root}: the data set of {run.path} is not there; restore it, "
            "or name files with --input"
        )
    cases = known_cases(run, ids)
    if calibration:
        cases = [case for case in cases if not calibration.holds(case)]
    if not cases:
        raise DataError(
            f"{run.path}: all of its {split} cases are calibration cases; "
            "name others with --input, or calibrate on fewer"
        )
    return cases


def _ids_of(run: Run, split: Split) -> list[str]:
    if split == "all":
        return [case_id for ids in run.split.values() for case_id in ids]
    ids = run.split[split]
    if not ids and split == "test":
        raise DataError(
            f"{run.path}: the test split is empty; name files with --input, "
            "or train with data.split.test above 0"
        )
    if not ids:
        filled = [name for name, of_part in run.split.items() if of_part and name in SPLITS]
        raise DataError(
            f"{run.path}: the {split} split is empty; give --split {' or '.join([*filled, 'all'])}"
        )
    return ids


def known_cases(run: Run, ids: Sequence[str]) -> list[Case]:
    """The cases of the run's data set with these ids.

    Raises:
        DataError: One is gone from the data set.
    """
    by_name = {name_key(case.id): case for case in cases_of(run.config.data)}
    cases = []
    for case_id in ids:
        if name_key(case_id) not in by_name:
            raise DataError(
                f"{run.config.data.root}: case '{case_id}' is not there; restore it, or name others"
            )
        cases.append(replace(by_name[name_key(case_id)], id=case_id))
    return cases


def inputs_of_run(run: Run, inputs: tuple[Path, ...]) -> list[Case]:
    """As `input_cases`, of what a run was trained with."""
    return input_cases(run.config, run.facts["channels"], inputs, run.channel_names)


def input_cases(
    config: Config, channels: int, inputs: tuple[Path, ...], names: Sequence[str]
) -> list[Case]:
    """Cases from folders in the configuration's layout, folders of files, and files.

    A folder with DICOM files is a scan as a file is; see `tfuq.data.readers.dicom.folders`.

    Segmentation by a network of several channels takes files that have all of them, files named by
    their channel, and single files in groups of that many in the order given. The images of other
    tasks have all of their channels in one file.

    Args:
        config: The configuration.
        channels: The number of channels that the network takes.
        inputs: Files and folders.
        names: The names of the channels; none where they are not known.

    Raises:
        DataError: There is nothing to read, or files do not make whole cases.
    """
    cases: list[Case] = []
    files: list[Path] = []
    taken = _taken_channels(config, channels, names)
    for path in inputs:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder")
        if is_series_folder(path):
            files += _scans_in(path)
        elif path.is_dir():
            cases += _folder_cases(config, taken, path)
        else:
            files.append(path)
    for case_id, group in groups_of_files(files, taken):
        cases.append(_case_of(config, case_id, group))
    return sorted_unique(cases, "--input")


def _taken_channels(config: Config, count: int, names: Sequence[str]) -> Channels:
    """The channels that come in files of their own, or in one."""
    if not TASKS[config.task].has_volumes:
        return Channels(count=1)
    are_numbered = not names or all(map(str.isdecimal, names))
    return Channels(
        count=count,
        names=tuple(names),
        are_numbered=are_numbered or config.data.layout in _INDEXED_LAYOUTS,
    )


def _scans_in(folder: Path) -> list[Path]:
    """The DICOM scans of a folder; pictures, such as thumbnails, and other files are left out."""
    from tfuq.data.readers.dicom.folders import scans_in  # pydicom takes a moment

    others = []
    for path in readable_files(folder):
        if not (is_dicom_file(path) or is_plain_image(path)):
            others.append(path)
    return scans_in(folder, others)


def with_series(cases: list[Case], uid: str) -> list[Case]:
    """Let each case be of one of the DICOM series that its folder holds.

    Args:
        cases: The cases.
        uid: The SeriesInstanceUID.

    Raises:
        DataError: A case is not DICOM, or has several channels.
    """
    for case in cases:
        if len(case.images) > 1:
            raise DataError(
                f"--series {uid}: case '{case.id}' has {len(case.images)} series, one per channel; "
                "leave --series out, and give each series in a folder of its own"
            )
        if not all(map(is_dicom, case.images)):
            raise DataError(
                f"--series {uid}: {case.images[0]} is no DICOM series; "
                "leave --series out, or give DICOM scans alone by --input"
            )
    return [replace(case, series=uid) for case in cases]


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
        name = name_key(case.id)
        if name not in by_id:
            raise DataError(
                f"--mask {masks}: has neither {case.id}.nii.gz nor {case.id}/label.nii.gz"
                f"{resembling(name, by_id)}; add a mask for each case"
            )
        masked.append(replace(case, mask=by_id[name]))
    return masked


def _with_mask(cases: list[Case], mask: Path) -> list[Case]:
    if len(cases) > 1:
        raise DataError(
            f"--mask {mask}: is one file for {len(cases)} cases; "
            "give a folder that has one for each"
        )
    return [replace(case, mask=mask) for case in cases]


def _masks_in(folder: Path) -> dict[str, Path]:
    """The masks of a folder by the id of the case, in Unicode's composed form."""
    masks = {name: path for name, path in files_by_name(folder).items() if path.is_file()}
    for path in sorted(folder.glob("*/label.nii.gz")):
        name = name_key(path.parent.name)
        if name in masks:
            raise DataError(
                f"--mask {folder}: has {masks[name].name} and {name}/label.nii.gz; keep one of them"
            )
        masks[name] = path
    return masks


def _folder_cases(config: Config, channels: Channels, folder: Path) -> list[Case]:
    try:
        return cases_of(_with_channels(config.data, channels), folder)
    except DataError as error:
        if config.data.layout == "folder" and (folder / "image").is_dir():
            raise
        is_deep = channels.count > 1 and bool(channels.names)
        refuse_deeper(folder, _remedy_of_deeper(channels), has_channels=is_deep)
        groups = groups_of_folder(folder, channels)
        if not groups:
            raise _nothing_to_read(config, folder, error) from error
    return [_case_of(config, case_id, files) for case_id, files in groups.items()]


def _remedy_of_deeper(channels: Channels) -> str:
    remedy = "give the folders that hold the series by --input"
    if channels.count > 1:
        return f"{remedy}, the channels of each case in turn"
    return remedy


def _with_channels(data: DataConfig, channels: Channels) -> DataConfig:
    """The configuration that names the channels as the run's own data set had them."""
    if data.layout != "folder" or not channels.names:
        return data
    return data.model_copy(update={"channels": list(channels.names)})


def _nothing_to_read(config: Config, folder: Path, error: DataError) -> DataError:
    images = "images"
    if TASKS[config.task].has_volumes:
        images = "scans"
    return DataError(
        f"{folder}: holds no {images} that tfuq reads, and is no data set of layout "
        f"{config.data.layout} ({error}); give {images}, or a folder of them"
    )


def _case_of(config: Config, case_id: str, images: tuple[Path, ...]) -> Case:
    return Case(id=case_id, images=images, pixel_mm=config.data.pixel_mm)
