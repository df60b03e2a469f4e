"""Which files are images and which are labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfuq.data.label_values import distinct_values
from tfuq.data.readers import read_label_file
from tfuq.data.readers.dicom.marks import is_structure_set
from tfuq.errors import DataError
from tfuq.workflows.init.found import FINDERS, Found
from tfuq.workflows.init.naming import Group, groups_of
from tfuq.workflows.init.survey import Item
from tfuq.workflows.init.values import value_keys

_SEPARATORS = "_-./ "
_MOST_VALUES = 40  # of a label
_LOOKED_AT = 3  # files of a group
_LEAST_SHARE = 0.5  # of the cases that a group has files of


@FINDERS.register("segmentation")
def segmentation_of(items: Sequence[Item], labels: str | None) -> Found:
    """What the files of a segmentation are.

    Args:
        items: The files.
        labels: A word that the paths of labels have, where the user says so.

    Raises:
        DataError: Images and labels cannot be told apart.
    """
    groups, remarks = _large_groups(groups_of(items))
    label_groups = _label_groups(groups, labels)
    image_groups = [group for group in groups if group not in label_groups]
    label_pattern = _pattern_of_labels(label_groups)
    data: dict[str, Any] = _layout(image_groups, label_pattern)
    paths = [path for group in label_groups for path in group.files.values()]
    found = value_keys(paths, label_groups[0].structure)
    reasons = {key: _why(image_groups, label_pattern) for key in data if key == "layout"}
    return Found(
        task="segmentation",
        data=data | found.data,
        reasons=reasons | found.reasons,
        remarks=remarks + found.remarks,
    )


def _large_groups(groups: Sequence[Group]) -> tuple[list[Group], list[str]]:
    """Groups that have files of most cases, and remarks on the others."""
    cases = max(len(group.files) for group in groups)
    large = []
    remarks = []
    for group in groups:
        if len(group.files) >= _LEAST_SHARE * cases:
            large.append(group)
        else:
            example = next(iter(group.files.values()))
            remarks.append(f"{len(group.files)} file(s) such as {example} are not used")
    return large, remarks


def _label_groups(groups: Sequence[Group], labels: str | None) -> list[Group]:
    """The groups of labels: by the user's word, by their own words, or by their values."""
    if labels is not None:
        chosen = [group for group in groups if labels in group.pattern]
        if not chosen or len(chosen) == len(groups):
            patterns = ", ".join(group.pattern for group in groups)
            raise DataError(
                f"--labels '{labels}' is in {len(chosen)} of the {len(groups)} kinds of files "
                f"({patterns}); give a word that the labels alone have"
            )
        return chosen
    named = [group for group in groups if group.has_label_word]
    if named and len(named) < len(groups):
        return named
    valued = [group for group in groups if _looks_like_labels(group)]
    if valued and len(valued) < len(groups):
        return valued
    raise _undecided(groups)


def _undecided(groups: Sequence[Group]) -> DataError:
    patterns = ", ".join(group.pattern for group in groups)
    if len(groups) == 1:
        return DataError(
            f"all files are of one kind ({patterns}), so there are no labels beside images; add "
            "the labels, or name the task by --task"
        )
    return DataError(
        f"which of these are labels cannot be told: {patterns}; "
        "say it by --labels with a word that their paths alone have, or, if folders are classes, "
        "by --task classification"
    )


def _looks_like_labels(group: Group) -> bool:
    """Whether some files of a group have few, whole values."""
    paths = list(group.files.values())[:_LOOKED_AT]
    return all(_has_few_values(path) for path in paths)


def _has_few_values(path: Path) -> bool:
    if path.is_file() and is_structure_set(path):
        return True
    try:
        values = distinct_values(read_label_file(path).array)
    except DataError:
        return False
    return len(values) <= _MOST_VALUES and bool((values == np.rint(values)).all())


def _pattern_of_labels(groups: Sequence[Group]) -> str:
    """The pattern of labels, with ``{rater}`` where there are several groups of them.

    Raises:
        DataError: The groups do not differ in one name alone.
    """
    patterns = [group.pattern for group in groups]
    if len(patterns) == 1:
        return patterns[0]
    start, names, end = _difference(patterns)
    if "" in names or any("/" in name or "{" in name for name in names):
        raise DataError(
            f"there are {len(patterns)} kinds of labels ({', '.join(patterns)}), and they are not "
            "those of several raters by name; say by --labels which one is meant"
        )
    return f"{start.rstrip('0123456789')}{{rater}}{end}"


def _difference(texts: Sequence[str]) -> tuple[str, list[str], str]:
    """What texts begin with, what differs, and what they end with."""
    start = _common_start(texts)
    rests = [text[len(start) :] for text in texts]
    backwards = _common_start([rest[::-1] for rest in rests])
    end = backwards[::-1]
    return start, [rest[: len(rest) - len(end)] for rest in rests], end


def _common_start(texts: Sequence[str]) -> str:
    length = 0
    for letters in zip(*texts, strict=False):
        if len(set(letters)) > 1:
            break
        length += 1
    return texts[0][:length]


def _layout(images: Sequence[Group], labels: str) -> dict[str, Any]:
    """The layout with its keys: ``folder`` where that says all, otherwise ``files``."""
    if len(images) == 1:
        folder = _simple_folder(images[0].pattern, labels)
        if folder is not None:
            return {"layout": "folder", "label_folder": folder}
        return {"layout": "files", "image_files": images[0].pattern, "label_files": labels}
    patterns = [group.pattern for group in images]
    start, _, end = _difference(patterns)
    start = start[: max(start.rfind(mark) for mark in _SEPARATORS) + 1]
    end = end[min(end.find(mark) % (len(end) + 1) for mark in _SEPARATORS) :]
    channels = {}
    for pattern in patterns:
        channels[_channel_name(pattern[len(start) : len(pattern) - len(end)])] = pattern
    if len(channels) < len(patterns):
        channels = {f"channel{number}": pattern for number, pattern in enumerate(patterns)}
    return {"layout": "files", "image_files": channels, "label_files": labels}


def _channel_name(text: str) -> str:
    return text.strip("_-. /").replace("/", "-").replace("{case}", "") or "image"


def _simple_folder(image: str, label: str) -> str | None:
    """The folder of labels beside ``image/``, where files have the names of cases."""
    image_folder, _, image_name = image.rpartition("/")
    label_folder, _, label_name = label.rpartition("/")
    are_plain = image_name.startswith("{case}.") and label_name.startswith("{case}.")
    if image_folder == "image" and label_folder and are_plain and "{rater}" not in label:
        return label_folder
    return None


def _why(images: Sequence[Group], labels: str) -> str:
    counts = " and ".join(f"{len(group.files)} {group.pattern}" for group in images)
    return f"images: {counts}; labels: {labels}"
