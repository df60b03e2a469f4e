"""Layouts of volumes and slices with label maps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tfuq.config.text import fault_of_json
from tfuq.data.case import Case
from tfuq.data.channels import name_key
from tfuq.data.layouts.indexed import indexed_path
from tfuq.data.layouts.pairing import files_by_name, images_by_case
from tfuq.data.layouts.registry import LAYOUTS, REMARKS
from tfuq.data.readers import is_scan, stem
from tfuq.data.readers.dicom.marks import dicom_stem, is_structure_set, refuse_deeper
from tfuq.data.readers.suffixes import SCAN_SUFFIXES
from tfuq.data.readers.text import read_plain_text
from tfuq.errors import DataError

_ISEG_NAME = re.compile(r"subject-(\d+)-(T1|T2|label)")
_ISEG_MODALITIES = ("T1", "T2")
_BRATS_MODALITIES = ("flair", "t1", "t1ce", "t2")
_BRATS_GRADES = ("HGG", "LGG")
_MRBRAINS_FILES = {"T1": "T1", "T1-IR": "T1_IR", "FLAIR": "T2_FLAIR"}  # by modality
_MRBRAINS_LABEL = "LabelsForTraining"
_MRBRAINS_PARTS = ("TrainingData", "TestData")


@LAYOUTS.register("decathlon")
def decathlon(root: Path) -> list[Case]:
    """List the Medical Segmentation Decathlon: the labelled cases of ``dataset.json``."""
    path = root / "dataset.json"
    index = _decathlon_index(path)
    channels = _modalities(index)
    cases = []
    try:
        for entry in index["training"]:
            image = indexed_path(root, entry["image"], str(path))
            label = indexed_path(root, entry["label"], str(path))
            cases.append(Case(stem(image), (image,), label, channels=channels))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_index(path) from error
    return cases


def _decathlon_index(path: Path) -> Any:
    try:
        return json.loads(read_plain_text(path))
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); the decathlon layout needs it"
        ) from error
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: {fault_of_json(error)}") from error
    except (ValueError, RecursionError) as error:
        raise _no_index(path) from error


def _no_index(path: Path) -> DataError:
    return DataError(
        f"{path}: not a Decathlon index ('training' must list image and label); "
        "restore the official file, or set data.layout: nnunet for a data set of nnU-Net"
    )


def _modalities(index: Any) -> tuple[str, ...]:
    """The names of the channels, where the index has a name for each number from 0 on."""
    names = index.get("modality") if isinstance(index, dict) else None
    if not isinstance(names, dict) or set(names) != set(map(str, range(len(names)))):
        return ()
    return tuple(str(names[str(number)]) for number in range(len(names)))


@REMARKS.register("decathlon")
def _miscounted(root: Path, cases: Sequence[Case]) -> Iterator[str]:
    path = root / "dataset.json"
    count = _decathlon_index(path).get("numTraining")
    if isinstance(count, int) and count != len(cases):
        yield f"{path}: says numTraining {count} and lists {len(cases)} training case(s)"


@LAYOUTS.register("iseg2017")
def iseg2017(root: Path) -> list[Case]:
    """List iSeg-2017, as Analyze, or in another format of scans.

    The files are ``subject-N-T1``, ``-T2`` and, in the training release, ``-label``.
    """
    subjects: dict[str, dict[str, Path]] = {}
    for path in filter(is_scan, sorted(root.iterdir())):
        match = _ISEG_NAME.fullmatch(stem(path))
        if match:
            files = subjects.setdefault(match[1], {})
            _require_one(files.setdefault(match[2], path), path)
    return [_iseg_case(root, number, files) for number, files in subjects.items()]


def _iseg_case(root: Path, number: str, files: dict[str, Path]) -> Case:
    """The case of a subject; a modality that is not there is named as its other files are."""
    present = next(iter(files.values()))
    ending = present.name[len(stem(present)) :]
    images = []
    for modality in _ISEG_MODALITIES:
        absent = root / f"subject-{number}-{modality}{ending}"
        images.append(files.get(modality, absent))
    label = files.get("label")
    return Case(f"subject-{int(number):02d}", tuple(images), label, channels=_ISEG_MODALITIES)


def _require_one(first: Path, second: Path) -> None:
    if first != second:
        raise DataError(f"{second}: is the same image as {first.name} is; keep one")


def _if_file(path: Path) -> Path | None:
    return path if path.is_file() else None


@LAYOUTS.register("brats2018")
def brats2018(root: Path) -> list[Case]:
    """List BraTS 2018: ``HGG|LGG/CASE/CASE_{flair,t1,t1ce,t2,seg}.nii.gz``.

    In the validation release it is ``CASE/…`` without ``seg``. The files may be in another format
    of scans. The root may also be the folder of a single case.
    """
    grades = [root / grade for grade in _BRATS_GRADES if (root / grade).is_dir()]
    if not grades and _is_brats_case(root):
        return [_brats_case(root)]
    folders: list[Path] = []
    for parent in grades or [root]:
        folders += [folder for folder in parent.iterdir() if folder.is_dir()]
    cases = []
    for folder in sorted(folders):
        if grades or _is_brats_case(folder):
            cases.append(_brats_case(folder))
    return cases


def _is_brats_case(folder: Path) -> bool:
    return any(_brats_file(folder, modality).is_file() for modality in _BRATS_MODALITIES)


def _brats_case(folder: Path) -> Case:
    label = _brats_file(folder, "seg")
    images = tuple(_brats_file(folder, modality) for modality in _BRATS_MODALITIES)
    return Case(folder.name, images, _if_file(label), channels=_BRATS_MODALITIES)


def _brats_file(folder: Path, ending: str) -> Path:
    """As the official ``.nii.gz``, unpacked, or in another format."""
    return _scan_named(folder, f"{folder.name}_{ending}", official=".nii.gz")


def _scan_named(folder: Path, name: str, *, official: str) -> Path:
    """The file of a scan in any format; where there is none, that of the official ending."""
    paths = [folder / f"{name}{suffix}" for suffix in SCAN_SUFFIXES]
    present = [path for path in paths if path.is_file() and is_scan(path)]
    for path in present[1:]:
        _require_one(present[0], path)
    return present[0] if present else folder / f"{name}{official}"


@LAYOUTS.register("mrbrains2013")
def mrbrains2013(root: Path) -> list[Case]:
    """List MRBrainS13: ``TrainingData/N/{T1,T1_IR,T2_FLAIR,LabelsForTraining}.nii``.

    ``TestData/N`` has no labels. The files may be in another format of scans. The root may also be
    the folder of the folders N.
    """
    parts = [root / part for part in _MRBRAINS_PARTS if (root / part).is_dir()]
    cases = []
    for part in parts or [root]:
        for folder in sorted(part.iterdir()):
            if folder.is_dir() and _mrbrains_file(folder, "T1").is_file():
                cases.append(_mrbrains_case(folder))
    return cases


def _mrbrains_case(folder: Path) -> Case:
    """The case of a subject; those to test on have the same numbers as those to train on."""
    case_id = folder.name
    if folder.parent.name == _MRBRAINS_PARTS[1]:
        case_id = f"test-{case_id}"
    label = _mrbrains_file(folder, _MRBRAINS_LABEL)
    images = tuple(_mrbrains_file(folder, name) for name in _MRBRAINS_FILES.values())
    return Case(case_id, images, _if_file(label), channels=tuple(_MRBRAINS_FILES))


def _mrbrains_file(folder: Path, name: str) -> Path:
    return _scan_named(folder, name, official=".nii")


@LAYOUTS.register("folder")
def folder(
    root: Path,
    label_folder: str = "label",
    rater_folders: str | None = None,
    channels: Sequence[str] = (),
) -> list[Case]:
    """List ``image/NAME.*`` with ``label/NAME.*`` where there is one; the endings may differ.

    An image, or a channel of it, may also be a folder that holds a DICOM series.

    Args:
        root: The folder of the data set.
        label_folder: The name of the folder of labels.
        rater_folders: A pattern of folders such as ``rater-*``, each with the labels of one rater,
            which take the place of ``label``.
        channels: The names of channels, of which each has a file, see `tfuq.data.channels`.
    """
    if not (root / "image").is_dir():
        raise DataError(
            f"{root}: the folder layout needs a folder 'image' in it, "
            "and 'label' (or data.label_folder)"
        )
    refuse_deeper(root / "image", _remedy_of_deeper(channels), has_channels=bool(channels))
    if rater_folders:
        return _with_raters(root, rater_folders, channels)
    labels = label_files(root / label_folder)
    images, channels = images_by_case(root / "image", channels, labels)
    cases = []
    for case_id, files in images.items():
        label = labels.get(name_key(case_id))
        cases.append(Case(case_id, files, label, channels=channels))
    if cases and labels and not any(case.label for case in cases):
        first_image = cases[0].images[0]
        first_label = labels[min(labels)]
        raise DataError(
            f"{root}: no label has the name of an image "
            f"(image/{first_image.name}, {label_folder}/{first_label.name}); "
            "rename the files so that each label is named as its image"
        )
    return cases


def _remedy_of_deeper(channels: Sequence[str]) -> str:
    if channels:
        return f"move them up, as image/CASE/{channels[0]}/ or image/CASE_{channels[0]}/"
    return (
        "move them up, as image/CASE/, or name these folders in data.channels where each holds "
        "a channel of one scan"
    )


def label_files(folder: Path) -> dict[str, Path]:
    """The files of labels in a folder, by the case that each is named for.

    They are those that tfuq reads, and structure sets: ``CASE.dcm``, or the only one in ``CASE/``.

    Returns:
        The files by name in Unicode's composed form.

    Raises:
        DataError: There are several structure sets in ``CASE/``, or two files for one case.
    """
    files = files_by_name(folder)
    for path in sorted(folder.glob("[!.]*")):
        for case, label in _structure_sets(path).items():
            name = name_key(case)
            if files.get(name, path) != path:
                raise DataError(f"{label}: is a label of '{name}' as {files[name]} is; keep one")
            files[name] = label
    return files


def _structure_sets(path: Path) -> dict[str, Path]:
    """The structure set that a path is or holds, by the case; empty if there is none."""
    if path.is_dir():
        return _structure_set_within(path)
    return {dicom_stem(path): path} if is_structure_set(path) else {}


def _structure_set_within(folder: Path) -> dict[str, Path]:
    paths = [path for path in sorted(folder.iterdir()) if is_structure_set(path)]
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise DataError(f"{folder}: holds {len(paths)} structure sets ({names}); keep one")
    if not paths:
        return {}
    return {folder.name: paths[0]}


def _with_raters(root: Path, pattern: str, channels: Sequence[str]) -> list[Case]:
    """The images with every rater's label; a rater may have left some out."""
    labels_of: dict[str, dict[str, Path]] = {}
    for folder in sorted(root.glob(pattern)):
        if folder.is_dir() and folder.name != "image":
            labels_of[folder.name] = label_files(folder)
    labelled = {name for labels in labels_of.values() for name in labels}
    images, channels = images_by_case(root / "image", channels, labelled)
    cases = []
    for case_id, files in images.items():
        name = name_key(case_id)
        raters = {rater: labels[name] for rater, labels in labels_of.items() if name in labels}
        cases.append(Case(case_id, files, raters=raters, channels=channels))
    return cases
