"""Data sets that say themselves what they are: by an index, a table, or names of their own."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tfuq.config.nnunet import DESCRIPTION
from tfuq.data.layouts.images import idx
from tfuq.data.layouts.volumes import decathlon
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS, read_landmark_table
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.data.readers.text import read_plain_text
from tfuq.errors import DataError
from tfuq.workflows.init.found import FINDERS, Found
from tfuq.workflows.init.naming import has_label_word
from tfuq.workflows.init.survey import Item, survey
from tfuq.workflows.init.values import value_keys

_PART_FOLDERS = {"train", "val", "valid", "validation", "test"}
_ISEG_NAME = re.compile(r"subject-\d+-(T1|T2|label)")
_MOST_PAIRED = 0.5  # share of names that folders of classes have in common
_MOST_MARKED = 0.25  # share of files of classes that are named as masks
_Y_UP = (
    "y is taken to point down, as rows of an image do; if it points up, set "
    "data.annotations: {y_up: true}"
)


def known_set(root: Path) -> Found | None:
    """What a folder says of itself; None where it says nothing.

    Args:
        root: The folder.

    Raises:
        DataError: Its index or its files are damaged.
    """
    for look in _LOOKS:
        found = look(root)
        if found is not None:
            return found
    return None


def _described(root: Path) -> Found | None:
    """An index of the Medical Segmentation Decathlon, or of nnU-Net."""
    path = root / DESCRIPTION
    if not path.is_file():
        return None
    try:
        index = json.loads(read_plain_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}); restore the file") from error
    if not isinstance(index, dict):
        raise DataError(f"{path}: is no description of a data set; restore the file")
    if not _lists_its_files(root, index):
        return Found(
            task="segmentation",
            data={"layout": "nnunet"},
            reasons={"layout": f"{DESCRIPTION} is nnU-Net's; it says classes and channels, too"},
        )
    reason = f"{DESCRIPTION} is that of the Medical Segmentation Decathlon"
    return Found(
        task="segmentation",
        data={"layout": "decathlon", **_decathlon_classes(root, index)},
        reasons={"layout": reason},
    )


def _decathlon_classes(root: Path, index: dict[str, Any]) -> dict[str, Any]:
    """The classes by the names that an index gives; without names, by the values of labels."""
    labels = index.get("labels")
    if isinstance(labels, dict) and set(labels) == set(map(str, range(len(labels)))):
        return {"classes": [str(labels[str(number)]) for number in range(len(labels))]}
    paths = [case.label for case in decathlon(root) if case.label is not None]
    return value_keys(paths, None).data


def _lists_its_files(root: Path, index: dict[str, Any]) -> bool:
    """Whether the files that an index lists are there under these names."""
    with suppress(KeyError, TypeError, IndexError):
        first = Path(root, index["training"][0]["image"])
        return first.is_file()
    return False


def _digits(root: Path) -> Found | None:
    if not any(root.glob("*-images-idx3-ubyte*")):
        return None
    numbers = {case.truth for case in idx(root) if isinstance(case.truth, int)}
    classes = [str(number) for number in range(max(numbers, default=0) + 1)]
    return Found(
        task="classification",
        data={"layout": "idx", "classes": classes},
        reasons={"layout": "files in the format of MNIST"},
    )


def _cephalograms(root: Path) -> Found | None:
    if not ((root / "RawImage").is_dir() and (root / "AnnotationsByMD").is_dir()):
        return None
    return Found(
        task="landmarks",
        data={
            "layout": "cephalometric2015",
            "landmarks": list(ISBI_2015_LANDMARKS),
            "annotations": {"rater": "senior", "image_size": [1935, 2400], "pixel_mm": 0.1},
        },
        reasons={
            "layout": "folders of the ISBI 2015 challenge",
            "annotations": "in pixels of the original images of 1935×2400 at 0.1 mm",
        },
    )


def _infants(root: Path) -> Found | None:
    names = {path.name.split(".")[0] for path in root.iterdir() if path.is_file()}
    if len([name for name in names if _ISEG_NAME.fullmatch(name)]) < 3:
        return None
    return Found(
        task="segmentation",
        data={
            "layout": "iseg2017",
            "classes": ["background", "cerebrospinal fluid", "grey matter", "white matter"],
            "label_values": {0: 0, 10: 1, 150: 2, 250: 3},
        },
        reasons={"layout": "names of iSeg-2017", "label_values": "as iSeg-2017 publishes them"},
    )


def _tables(root: Path) -> Found | None:
    """A CSV file of classes or landmarks."""
    for path in sorted(root.glob("*.csv")):
        found = _class_table(path) or _landmark_table(path)
        if found is not None:
            return found
    return None


def _class_table(path: Path) -> Found | None:
    rows = list(csv.DictReader(read_plain_text(path).splitlines()))
    if not rows or not {"file", "label"} <= set(rows[0]) or "landmark" in rows[0]:
        return None
    classes = sorted({row["label"] for row in rows if row["label"]})
    return Found(
        task="classification",
        data={"layout": "image-table", "table": path.name, "classes": classes},
        reasons={"table": f"{len(rows)} images with a class each"},
    )


def _landmark_table(path: Path) -> Found | None:
    try:
        annotated = read_landmark_table(path)
    except DataError:
        return None
    names = dict.fromkeys(name for points in annotated.values() for name in points)
    return Found(
        task="landmarks",
        data={"layout": "landmark-table", "table": path.name, "landmarks": list(names)},
        reasons={"table": f"{len(annotated)} images with {len(names)} landmarks"},
        remarks=[_Y_UP],
    )


@FINDERS.register("landmarks")
def _no_table(_items: Sequence[Item], _labels: str | None) -> Found:
    raise DataError(
        "landmarks are told by a table of their positions, and there is none; put a CSV file with "
        "the columns file, landmark, x, y into the folder, or leave out --task"
    )


def _class_folders(root: Path) -> Found | None:
    """Folders of plain images, where none of a folder belongs to one of another folder."""
    items = survey(root)
    levels = {len(item.folder) for item in items}
    if len(levels) > 1 or not all(is_plain_image(item.path) for item in items):
        return None
    has_parts = {item.folder[0] for item in items if item.folder} <= _PART_FOLDERS
    if levels != {2 if has_parts else 1}:
        return None
    names: dict[str, set[str]] = defaultdict(set)
    for item in items:
        names[item.folder[-1]].add(item.name)
    marked = [item for item in items if has_label_word(item.name)]
    if len(names) < 2 or any(map(has_label_word, names)) or len(marked) > _MOST_MARKED * len(items):
        return None
    if _are_paired(names.values()):
        return None
    return class_folders(items, None)


def _are_paired(names: Iterable[set[str]]) -> bool:
    """Whether the names of files in one folder are those in another, as of images and labels."""
    for smaller, larger in itertools.combinations(sorted(names, key=len), 2):
        if len(smaller & larger) > _MOST_PAIRED * len(smaller):
            return True
    return False


@FINDERS.register("classification")
def class_folders(items: Sequence[Item], _labels: str | None) -> Found:
    """Images in a folder for each class.

    Raises:
        DataError: They are not in two or more folders.
    """
    classes = sorted({item.folder[-1] for item in items if item.folder})
    if len(classes) < 2:
        raise DataError(
            "images with a class lie in a folder for each class, and here are "
            f"{len(classes)} folder(s) of images; move them, or give a table with the columns file "
            "and label"
        )
    return Found(
        task="classification",
        data={"layout": "image-folders", "classes": classes},
        reasons={"classes": "the names of the folders"},
    )


_LOOKS: tuple[Callable[[Path], Found | None], ...] = (
    _described,
    _digits,
    _cephalograms,
    _infants,
    _tables,
    _class_folders,
)
