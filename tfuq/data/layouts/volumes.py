"""Layouts of volumes and slices with label maps."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tfuq.config.text import fault_of_json
from tfuq.data.cases import Case
from tfuq.data.layouts.registry import LAYOUTS
from tfuq.data.readers import SCAN_SUFFIXES, is_readable, is_scan, stem
from tfuq.data.readers.dicom_objects import dicom_stem
from tfuq.data.readers.rtstruct import is_structure_set
from tfuq.data.readers.text import read_plain_text
from tfuq.errors import DataError

_ISEG_T1 = re.compile(r"subject-(\d+)-T1")
_BRATS_MODALITIES = ("flair", "t1", "t1ce", "t2")
_BRATS_GRADES = ("HGG", "LGG")


@LAYOUTS.register("decathlon")
def decathlon(root: Path) -> list[Case]:
    """List the Medical Segmentation Decathlon: the labelled cases of ``dataset.json``."""
    index = root / "dataset.json"
    pairs = []
    try:
        entries = json.loads(read_plain_text(index))["training"]
        for entry in entries:
            pairs.append((root / entry["image"], root / entry["label"]))
    except OSError as error:
        raise DataError(
            f"{index}: cannot be read ({error.strerror}); the decathlon layout needs it"
        ) from error
    except json.JSONDecodeError as error:
        raise DataError(f"{index}: {fault_of_json(error)}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{index}: not a Decathlon index ('training' must list image and label); "
            "restore the official file, or set data.layout: nnunet for a data set of nnU-Net"
        ) from error
    return [Case(stem(image), (image,), label) for image, label in pairs]


@LAYOUTS.register("iseg2017")
def iseg2017(root: Path) -> list[Case]:
    """List iSeg-2017, as Analyze, or in another format of scans.

    The files are ``subject-N-T1``, ``-T2`` and, in the training release, ``-label``.
    """
    cases = []
    for t1 in filter(is_scan, root.iterdir()):
        match = _ISEG_T1.fullmatch(stem(t1))
        if match:
            label = t1.with_name(t1.name.replace("-T1", "-label"))
            t2 = t1.with_name(t1.name.replace("-T1", "-T2"))
            number = int(match.group(1))
            cases.append(Case(f"subject-{number:02d}", (t1, t2), _if_file(label)))
    return cases


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
    return Case(folder.name, images, _if_file(label))


def _brats_file(folder: Path, ending: str) -> Path:
    """As the official ``.nii.gz``, unpacked, or in another format."""
    name = f"{folder.name}_{ending}"
    for suffix in SCAN_SUFFIXES:
        path = folder / f"{name}{suffix}"
        if path.is_file() and is_scan(path):
            return path
    return folder / f"{name}.nii.gz"


@LAYOUTS.register("folder")
def folder(root: Path, label_folder: str = "label", rater_folders: str | None = None) -> list[Case]:
    """List ``image/NAME.*`` with ``label/NAME.*`` where there is one; the endings may differ.

    Args:
        root: The folder of the data set.
        label_folder: The name of the folder of labels.
        rater_folders: A pattern of folders such as ``rater-*``, each with the labels of one rater,
            which take the place of ``label``.
    """
    if not (root / "image").is_dir():
        raise DataError(
            f"{root}: the folder layout needs a folder 'image' in it, "
            "and 'label' (or data.label_folder)"
        )
    if rater_folders:
        return _with_raters(root, rater_folders)
    labels = label_files(root / label_folder)
    images = [path for path in sorted((root / "image").iterdir()) if is_readable(path)]
    cases = [Case(stem(path), (path,), labels.get(stem(path))) for path in images]
    if cases and labels and not any(case.label for case in cases):
        first_label = labels[min(labels)]
        raise DataError(
            f"{root}: no label has the name of an image "
            f"(image/{images[0].name}, {label_folder}/{first_label.name}); "
            "rename the files so that each label is named as its image"
        )
    return cases


def label_files(folder: Path) -> dict[str, Path]:
    """The files of labels in a folder, by the case that each is named for.

    They are those that tfuq reads, and structure sets: ``CASE.dcm``, or the only one in ``CASE/``.

    Raises:
        DataError: There are several structure sets in ``CASE/``.
    """
    files = _by_name(folder)
    for path in sorted(folder.glob("[!.]*")):
        if path.is_dir():
            files |= _structure_set_within(path)
        elif is_structure_set(path):
            files[dicom_stem(path)] = path
    return files


def _structure_set_within(folder: Path) -> dict[str, Path]:
    """The structure set of a case's folder, by the case; empty if there is none."""
    paths = [path for path in sorted(folder.iterdir()) if is_structure_set(path)]
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise DataError(f"{folder}: holds {len(paths)} structure sets ({names}); keep one")
    if not paths:
        return {}
    return {folder.name: paths[0]}


def _by_name(folder: Path) -> dict[str, Path]:
    return {stem(path): path for path in sorted(folder.glob("*")) if is_readable(path)}


def _with_raters(root: Path, pattern: str) -> list[Case]:
    """The images with every rater's label; a rater may have left some out."""
    labels_of: dict[str, dict[str, Path]] = {}
    for folder in sorted(root.glob(pattern)):
        if folder.is_dir() and folder.name != "image":
            labels_of[folder.name] = label_files(folder)
    cases = []
    for name, path in _by_name(root / "image").items():
        raters = {}
        for rater, labels in labels_of.items():
            if name in labels:
                raters[rater] = labels[name]
        cases.append(Case(name, (path,), raters=raters))
    return cases
