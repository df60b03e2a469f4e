"""What to do about a label whose values are of no class: settings that tfuq accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tfuq.config import value_range
from tfuq.data.readers.suffixes import is_plain_image

_JPEG = (".jpg", ".jpeg")
_MOST_OF_A_MASK = 16  # values of a mask of two classes that was not blurred
_BYTE = range(256)
_SPLIT = "{0-127: 0, 128-255: 1}"
_TOLERANCES = (0.000001, 0.00001, 0.0001, 0.001, 0.01, 0.1)
_MOST_LISTED = 6  # values that are listed; more are a range
_Declared = Mapping[int | str, int]  # the class of each value, or range of values


def value_text(value: float) -> str:
    """A value of a label file: all digits of a whole number."""
    if value == int(value):
        return str(int(value))
    return f"{value:.9g}"


def label_remedy(path: Path, values: np.ndarray, declared: _Declared, classes: int) -> str:
    """What to do about a label of which some values are not declared.

    Args:
        path: The label's file.
        values: All of its values, sorted, ``[n]``.
        declared: The class of each value or range.
        classes: How many classes there are.
    """
    fractions = np.abs(values - np.rint(values)).max()
    if fractions > 0:
        return _remedy_of_fractions(float(fractions))
    whole = [int(value) for value in values]
    if _is_blurred(path, whole):
        return _remedy_of_blur(classes)
    mapping = proposed_values(whole, declared, classes)
    return f"correct the file, or map its values to classes, as in data.label_values: {mapping}"


def _remedy_of_fractions(largest: float) -> str:
    for tolerance in _TOLERANCES:
        if largest <= tolerance:
            text = f"{tolerance:f}".rstrip("0")
            return (
                f"its values are up to {largest:.2g} beside whole numbers: save it as integers, "
                f"or round them by data.label_tolerance: {text}"
            )
    return (
        "its values lie between whole numbers, as interpolation leaves them: "
        "resample the label by nearest neighbours, and save it as integers"
    )


def _is_blurred(path: Path, values: Sequence[int]) -> bool:
    """Whether a plain image has values between those that were drawn."""
    is_byte = values[0] in _BYTE and values[-1] in _BYTE
    if not is_plain_image(path) or not is_byte:
        return False
    return path.suffix.lower() in _JPEG or len(values) > _MOST_OF_A_MASK


def _remedy_of_blur(classes: int) -> str:
    if classes == 2:
        return (
            "JPEG and smoothing blur the values of a mask: save it as PNG without, "
            f"or split them by data.label_values: {_SPLIT}"
        )
    return "JPEG and smoothing blur the values of a label: save it as PNG without"


def proposed_values(values: Sequence[int], declared: _Declared, classes: int) -> str:
    """Label values that serve a file, as ``data.label_values`` and ``--label-values`` take them.

    As many values as classes are the classes in their order. Otherwise what is declared stays, and
    all else is of class 1.

    Args:
        values: All values of the file, sorted.
        declared: The class of each value or range.
        classes: How many classes there are.
    """
    is_identity = all(key == number for key, number in declared.items())
    if is_identity and len(values) == classes:
        return _as_yaml({str(value): number for number, value in enumerate(values)})
    pairs = {str(key): declared[key] for key in declared}
    for group in _groups(values, declared):
        pairs |= dict.fromkeys(group, 1)
    return _as_yaml(pairs)


def _groups(values: Sequence[int], declared: _Declared) -> list[list[str]]:
    """Values that are not declared, between those that are: as keys of label values."""
    starts = sorted(value_range(key)[0] for key in declared)
    by_gap: dict[int, list[int]] = {}
    for value in values:
        if not any(value in value_range(key) for key in declared):
            gap = int(np.searchsorted(starts, value))
            by_gap.setdefault(gap, []).append(value)
    return [_keys(group) for group in by_gap.values()]


def _keys(group: list[int]) -> list[str]:
    if len(group) <= _MOST_LISTED or group[0] < 0:
        return [str(value) for value in group]
    return [f"{group[0]}-{group[-1]}"]


def _as_yaml(pairs: Mapping[str, int]) -> str:
    listed = ", ".join(f"{key}: {number}" for key, number in pairs.items())
    return f"{{{listed}}}"
