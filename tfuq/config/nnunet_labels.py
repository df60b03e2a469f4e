"""The labels of nnU-Net's ``dataset.json``: classes, regions and the label to ignore.

Version 2 writes ``labels`` as values by name, version 1 as names by value. A label of several
values is a region. nnU-Net learns regions one by one, each by a sigmoid; tfuq learns classes that
exclude each other, and measures and scores the regions as unions of them. The classes are those
that nnU-Net writes back into label maps by ``regions_class_order``.

References:
    nnU-Net's documentation: dataset_format.md, ignore_label.md, region_based_training.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfuq.errors import DataError

_IGNORE = "ignore"  # the name of the label to ignore
_EXAMPLE = '{"background": 0, "tumour": 1}'
_Values = dict[str, tuple[int, ...]]  # of each label, in their order


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What the values of label files stand for.

    Attributes:
        classes: Names of the classes that exclude each other, the background first.
        values: The value of each class.
        named: Whether ``dataset.json`` has the name of each class; of others it has only regions.
        regions: Regions by name, each with the numbers of its classes.
        ignored: The value of voxels that count for nothing; None where there is none.
    """

    classes: tuple[str, ...]
    values: tuple[int, ...]
    named: tuple[bool, ...]
    regions: dict[str, tuple[int, ...]]
    ignored: int | None


def whole(value: Any) -> int | None:
    """A whole number, also one written as text; None of all else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None


def read_labels(path: Path, tree: Mapping[str, Any]) -> Labels:
    """Tell what the values of label files stand for.

    Args:
        path: Of ``dataset.json``, for messages.
        tree: Its content.

    Raises:
        DataError: It is not as nnU-Net has it, or its regions overlap so that no classes that
            exclude each other are told.
    """
    values = _label_values(path, tree.get("labels"))
    ignored = _take_ignored(path, values)
    background = [name for name, of_label in values.items() if of_label == (0,)]
    if len(background) != 1:
        raise DataError(
            f"{path}: {len(background)} of its labels have the value 0; nnU-Net's background is "
            "one label of value 0: correct 'labels'"
        )
    foreground = {name: of for name, of in values.items() if name != background[0]}
    if any(0 in of_label for of_label in foreground.values()):
        raise DataError(f"{path}: a region holds the value 0, the background's; take it out")
    if any(len(of_label) > 1 for of_label in foreground.values()):
        order = tree.get("regions_class_order")
        return _labels_of_regions(path, background[0], foreground, order, ignored)
    names = sorted(values, key=values.__getitem__)
    numbers = tuple(values[name][0] for name in names)
    _refuse_twice(path, names, numbers)
    return Labels(
        classes=tuple(names),
        values=numbers,
        named=(True,) * len(names),
        regions={},
        ignored=ignored,
    )


def _label_values(path: Path, labels: Any) -> _Values:
    """The values of each label, in the order of the file."""
    if not isinstance(labels, dict) or not labels:
        raise DataError(f"{path}: has no 'labels'; name each value, as in {_EXAMPLE}")
    values: _Values = {}
    for name, content in labels.items():
        if isinstance(content, str) and whole(name) is not None:  # version 1
            name, content = content, whole(name)
        if name in values:
            raise DataError(f"{path}: names two labels '{name}'; give each a name of its own")
        listed = content if isinstance(content, list) else [content]
        numbers = [whole(value) for value in listed]
        present = tuple(number for number in numbers if number is not None)
        if not present or len(present) < len(numbers):
            raise DataError(
                f"{path}: label '{name}' has {content!r:.40}, no value or list of values; "
                f"correct it, as in {_EXAMPLE}"
            )
        values[str(name)] = present
    return values


def _refuse_twice(path: Path, names: Iterable[str], numbers: Iterable[int]) -> None:
    name_of: dict[int, str] = {}
    for name, number in zip(names, numbers, strict=True):
        if number in name_of:
            raise DataError(
                f"{path}: labels '{name_of[number]}' and '{name}' both have the value {number}; "
                "give each its own"
            )
        name_of[number] = name


def _take_ignored(path: Path, values: _Values) -> int | None:
    """Take the label to ignore out of the labels, and return its value."""
    if _IGNORE not in values:
        return None
    ignored = values.pop(_IGNORE)
    highest = max((max(of_label) for of_label in values.values()), default=0)
    if len(ignored) != 1 or ignored[0] <= highest:
        raise DataError(
            f"{path}: label '{_IGNORE}' has {list(ignored)}, and the others values up to "
            f"{highest}; nnU-Net wants it to be the highest value: correct it"
        )
    return ignored[0]


def _labels_of_regions(
    path: Path, background: str, regions: _Values, order: Any, ignored: int | None
) -> Labels:
    """Classes that exclude each other, of regions that overlap.

    nnU-Net paints the regions in their order, each with its value of ``regions_class_order``. The
    values are classes where each region, without those after it, has one value: its own.
    """
    painted = _painted(path, regions, order)
    classes = {0: background}
    is_named = {0: True}
    for name, value in painted.items():
        is_named[value] = regions[name] == (value,)
        classes[value] = name if is_named[value] else f"{name}_rest"
    values = sorted(classes)
    unions = {name: of_label for name, of_label in regions.items() if len(of_label) > 1}
    return Labels(
        classes=tuple(classes[value] for value in values),
        values=tuple(values),
        named=tuple(is_named[value] for value in values),
        regions={name: tuple(sorted(map(values.index, of))) for name, of in unions.items()},
        ignored=ignored,
    )


def _painted(path: Path, regions: _Values, order: Any) -> dict[str, int]:
    """The value that stands for each region without those after it."""
    numbers = [whole(value) for value in order] if isinstance(order, list) else []
    if len(numbers) != len(regions) or None in numbers:
        raise DataError(
            f"{path}: has {len(regions)} regions ({', '.join(regions)}); 'regions_class_order' "
            "must list a value for each of them, the background and the ignored left out"
        )
    painted = {}
    later: set[int] = set()
    for name, number in reversed(list(zip(regions, numbers, strict=True))):
        rest = set(regions[name]) - later
        if number is None or rest != {number}:
            raise DataError(
                f"{path}: region '{name}' without the regions after it has the values "
                f"{sorted(rest)}, and 'regions_class_order' paints it as {number}; tfuq learns "
                "classes that exclude each other, so each value needs a region that it is "
                "painted for: put the larger regions first, or name the values one by one in "
                "'labels' and the regions in data.regions"
            )
        painted[name] = number
        later |= set(regions[name])
    return dict(reversed(painted.items()))
