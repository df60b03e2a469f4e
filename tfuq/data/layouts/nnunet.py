"""nnU-Net's raw data sets, of version 1 and 2, as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfuq.config.nnunet import DESCRIPTION, Description, read_description
from tfuq.data.case import Case, Part
from tfuq.data.channels import channel_files, name_key, numbered_channels, readable_files
from tfuq.data.layouts.indexed import indexed_path
from tfuq.data.layouts.registry import LAYOUTS
from tfuq.data.readers import stem
from tfuq.data.readers.suffixes import READABLE_SUFFIXES, is_plain_image
from tfuq.errors import DataError

# Of each part: the folder of its images, and that of its labels.
_FOLDERS: dict[Part, tuple[str, str]] = {
    "train": ("imagesTr", "labelsTr"),
    "test": ("imagesTs", "labelsTs"),
}
_TIFF = (".tif", ".tiff")


@LAYOUTS.register("nnunet")
def nnunet(root: Path) -> list[Case]:
    """List a data set such as ``Dataset004_Hippocampus`` or, of version 1, ``Task004_Hippocampus``.

    Images are ``imagesTr/CASE_0000.*``, ``CASE_0001.*`` with a file per channel, and the label is
    ``labelsTr/CASE.*``. ``imagesTs`` is set aside for testing; it may have ``labelsTs``. The root
    may also be a folder of images alone, such as ``imagesTs``.

    Raises:
        DataError: A training case without a label, a label without an image, another number of
            training cases than ``dataset.json`` says, or a case without one of its channels.
    """
    if not (root / DESCRIPTION).is_file():
        channels = _channel_numbers(root)
        if channels:
            return _cases_of_images(root, channels)
    description = read_description(root)
    _require_readable(description)
    if description.files:
        training = _listed_cases(root, description)
    else:
        training = _cases_of_part(root, description, "train")
    _require_count(description, training)
    return training + _cases_of_part(root, description, "test")


def _channel_numbers(folder: Path) -> list[str]:
    """The channels of a folder of images alone; none where its files have no such numbers.

    They are numbered from 0 on. Other numbers may be those of cases.
    """
    numbers = numbered_channels(readable_files(folder)) or {}
    channels = sorted({number for of_case in numbers.values() for number in of_case})
    return channels if channels == _numbers(len(channels)) else []


def _numbers(count: int) -> list[str]:
    return [f"{number:04d}" for number in range(count)]


def _cases_of_images(folder: Path, channels: Sequence[str]) -> list[Case]:
    files = channel_files(folder, channels)
    return [Case(case_id, images) for case_id, images in files.items()]


def _require_readable(description: Description) -> None:
    ending = description.file_ending
    if not ending.lower().endswith(READABLE_SUFFIXES):
        raise DataError(
            f"{description.path}: file_ending {ending} is of no kind that tfuq reads "
            f"({', '.join(READABLE_SUFFIXES)}); convert the files, and correct file_ending"
        )


def _cases_of_part(root: Path, description: Description, part: Part) -> list[Case]:
    image_folder, label_folder = (root / name for name in _FOLDERS[part])
    if part == "test" and not image_folder.is_dir():
        return []
    images = _images_by_case(image_folder, description)
    labels = _labels_by_case(label_folder)
    for case_id in images:
        if part == "train" and case_id not in labels:
            raise DataError(
                f"{label_folder}: has no {case_id}{description.file_ending} for the images of case "
                f"'{case_id}' in imagesTr; add the label, or move the images to imagesTs"
            )
    for case_id, label in labels.items():
        if case_id not in images:
            raise DataError(
                f"{label}: has no image {case_id}_0000{description.file_ending} in "
                f"{image_folder.name}; add it, or move the label elsewhere"
            )
    cases = []
    for name, files in images.items():
        reference = labels.get(name)
        cases.append(Case(name, files, reference, part=part, channels=description.channels))
    return cases


def _images_by_case(folder: Path, description: Description) -> dict[str, tuple[Path, ...]]:
    if not folder.is_dir():
        raise DataError(
            f"{folder}: is not there; layout nnunet has its training images in it: "
            "set data.root to the folder of dataset.json"
        )
    files = readable_files(folder)
    numbers = numbered_channels(files)
    if numbers is None:
        raise DataError(
            f"{folder}: has files without a channel's number, such as CASE_0000; rename them, or "
            "read a data set of the Medical Segmentation Decathlon by data.layout: decathlon"
        )
    for path in files:
        _refuse_stack(path)
    channels = _numbers(len(description.channels))
    if _is_of_pictures(files, numbers):
        channels = ["0000"]
    return channel_files(folder, channels)


def _is_of_pictures(files: Sequence[Path], numbers: dict[str, list[str]]) -> bool:
    """Whether one picture has all channels of its case, as nnU-Net takes RGB."""
    is_single = all(of_case == ["0000"] for of_case in numbers.values())
    return is_single and all(map(is_plain_image, files))


def _refuse_stack(path: Path) -> None:
    """Refuse a TIFF that is a volume: nnU-Net writes its spacing into a file beside it."""
    spacing = path.with_name(path.stem.removesuffix("_0000") + ".json")
    if path.suffix.lower() in _TIFF and spacing.is_file():
        raise DataError(
            f"{path}: is a volume as TIFF, with its spacing in {spacing.name}; tfuq reads TIFF as "
            "pictures: convert the volumes and labels to NIfTI with that spacing, and set "
            "file_ending to .nii.gz"
        )


def _labels_by_case(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    labels: dict[str, Path] = {}
    for path in readable_files(folder):
        case_id = name_key(stem(path))
        if case_id in labels:
            raise DataError(
                f"{path}: is the label of case '{case_id}' as {labels[case_id].name} is; keep one"
            )
        labels[case_id] = path
    return labels


def _listed_cases(root: Path, description: Description) -> list[Case]:
    """The training cases that ``dataset.json`` lists by their files."""
    cases = []
    for name, entry in description.files.items():
        images = _paths(root, entry, "images")
        labels = _paths(root, entry, "label")
        if not images or len(labels) != 1:
            raise DataError(
                f"{description.path}: 'dataset' has no 'images' and 'label' of case '{name}'; "
                "give its files, relative to the folder of dataset.json"
            )
        if len(images) not in (1, len(description.channels)):
            raise DataError(
                f"{description.path}: case '{name}' has {len(images)} image(s) for the channels "
                f"{', '.join(description.channels)}; list one for each"
            )
        channels = description.channels
        cases.append(Case(name, images, labels[0], part="train", channels=channels))
    return cases


def _paths(root: Path, entry: Any, key: str) -> tuple[Path, ...]:
    """The files of an entry; none where it does not name them."""
    content = entry.get(key) if isinstance(entry, dict) else None
    names = content if isinstance(content, list) else [content]
    position = str(root / DESCRIPTION)
    paths = [indexed_path(root, name, position) for name in names if isinstance(name, str) and name]
    return tuple(paths) if len(paths) == len(names) else ()


def _require_count(description: Description, training: Sequence[Case]) -> None:
    count = description.training_cases
    if count is not None and count != len(training):
        raise DataError(
            f"{description.path}: 'numTraining' is {count}, and there are {len(training)} training "
            "cases; restore the others, or correct the number"
        )
