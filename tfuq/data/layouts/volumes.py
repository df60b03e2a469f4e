"""Layouts of volumes and slices with label maps."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tfuq.data.cases import Case
from tfuq.data.layouts.registry import LAYOUTS
from tfuq.data.readers import is_readable, stem
from tfuq.errors import DataError


@LAYOUTS.register("decathlon")
def decathlon(root: Path) -> list[Case]:
    """Medical Segmentation Decathlon: the labelled cases of ``dataset.json``."""
    index = root / "dataset.json"
    try:
        entries = json.loads(index.read_text(encoding="utf-8"))["training"]
        pairs = [(root / entry["image"], root / entry["label"]) for entry in entries]
    except OSError as error:
        raise DataError(f"{index}: cannot be read ({error.strerror}); the decathlon layout needs it") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{index}: not a Decathlon index ('training' must list image and label); restore the official file"
        ) from error
    return [Case(stem(image), (image,), label) for image, label in pairs]


@LAYOUTS.register("iseg2017")
def iseg2017(root: Path) -> list[Case]:
    """iSeg-2017: ``subject-N-T1``, ``-T2`` and, in the training release, ``-label``, as Analyze or NIfTI."""
    cases = []
    for t1 in root.iterdir():
        match = re.fullmatch(r"subject-(\d+)-T1\.(img|nii|nii\.gz)", t1.name)
        if match:
            label = t1.with_name(t1.name.replace("-T1", "-label"))
            channels = (t1, t1.with_name(t1.name.replace("-T1", "-T2")))
            cases.append(Case(f"subject-{int(match.group(1)):02d}", channels, label if label.is_file() else None))
    return cases


_BRATS_MODALITIES = ("flair", "t1", "t1ce", "t2")
_BRATS_GRADES = ("HGG", "LGG")


@LAYOUTS.register("brats2018")
def brats2018(root: Path) -> list[Case]:
    """BraTS 2018: ``HGG|LGG/CASE/CASE_{flair,t1,t1ce,t2,seg}.nii.gz``; of the validation release ``CASE/…`` without ``seg``.

    The root may also be the folder of a single case.
    """
    grades = [root / grade for grade in _BRATS_GRADES if (root / grade).is_dir()]
    if not grades and _is_brats_case(root):
        return [_brats_case(root)]
    folders = sorted(folder for place in grades or [root] for folder in place.iterdir() if folder.is_dir())
    return [_brats_case(folder) for folder in folders if grades or _is_brats_case(folder)]


def _is_brats_case(folder: Path) -> bool:
    return any(_brats_file(folder, modality).is_file() for modality in _BRATS_MODALITIES)


def _brats_case(folder: Path) -> Case:
    label = _brats_file(folder, "seg")
    return Case(folder.name, tuple(_brats_file(folder, m) for m in _BRATS_MODALITIES), label if label.is_file() else None)


def _brats_file(folder: Path, what: str) -> Path:
    """As the official ``.nii.gz``, or unpacked."""
    plain = folder / f"{folder.name}_{what}.nii"
    return plain if plain.is_file() else plain.with_suffix(".nii.gz")


@LAYOUTS.register("folder")
def folder(root: Path, label_folder: str = "label", rater_folders: str | None = None) -> list[Case]:
    """``image/NAME.*`` with ``label/NAME.*`` where there is a reference; the endings may differ. ``rater_folders`` is a pattern of
    folders such as ``rater-*``, each with the labels of one rater, which take the place of ``label``."""
    if not (root / "image").is_dir():
        raise DataError(f"{root}: the folder layout needs a folder 'image' in it, and 'label' (or data.label_folder)")
    if rater_folders:
        return _with_raters(root, rater_folders)
    labels = _by_name(root / label_folder)
    images = [path for path in sorted((root / "image").iterdir()) if is_readable(path)]
    cases = [Case(stem(path), (path,), labels.get(stem(path))) for path in images]
    if cases and labels and not any(case.label for case in cases):
        raise DataError(
            f"{root}: no label has the name of an image (image/{images[0].name}, {label_folder}/{labels[min(labels)].name}); "
            "rename the files so that each label is named as its image"
        )
    return cases


def _by_name(folder: Path) -> dict[str, Path]:
    return {stem(path): path for path in sorted(folder.glob("*")) if is_readable(path)}


def _with_raters(root: Path, pattern: str) -> list[Case]:
    """The images with every rater's label; a rater may have left some out."""
    raters = {place.name: _by_name(place) for place in sorted(root.glob(pattern)) if place.is_dir() and place.name != "image"}
    return [
        Case(name, (path,), raters={rater: labels[name] for rater, labels in raters.items() if name in labels})
        for name, path in _by_name(root / "image").items()
    ]
