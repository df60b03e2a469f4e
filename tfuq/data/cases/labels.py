"""A case's label, or those of its raters, as classes."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tfuq.config import Config, value_range
from tfuq.data.case import Case
from tfuq.data.cases.advice import label_remedy, value_text
from tfuq.data.cases.grids import read_on_grid, rounded
from tfuq.data.label_values import distinct_values, replaced
from tfuq.data.preprocessing import PADDING
from tfuq.data.readers import read_label_file
from tfuq.data.readers.dicom.marks import is_structure_set
from tfuq.data.volume import Volume
from tfuq.errors import DataError

AVERAGED_RATERS = 2  # of so many a score is the mean; of more, one against their majority
LabelValues = Mapping[int | str, int]  # the class of each value, or range of values, of a file


def read_label(config: Config, case: Case, image: Volume) -> Volume:
    """Read the case's reference as the configuration's classes; see `read_case_label`."""
    return read_case_label(case, image, len(config.data.classes), config.data.label_values)


def majority(labels: np.ndarray, classes: int) -> np.ndarray:
    """The class that most raters give, the first of equals.

    A tie so goes to the class of the lower number, and to background before any structure. Of two
    raters this is a structure only where both have marked it, their intersection; see
    `scored_references`.

    Args:
        labels: Of the raters, ``[R, …]``.
        classes: How many classes there are.

    Returns:
        The classes ``[…]``, uint8.
    """
    votes = np.stack([(labels == k).sum(0) for k in range(classes)])
    chosen: np.ndarray = votes.argmax(0)
    return chosen.astype(np.uint8)


def read_rater_labels(
    case: Case, image: Volume, classes: int, label_values: LabelValues | None
) -> np.ndarray:
    """Read every rater's label; arguments and errors as in `read_case_label`.

    Returns:
        The labels ``[R, X, Y, Z]``, in the order of ``case.raters``.
    """
    labels = []
    for rater in case.raters:
        label = read_case_label(case.by(rater), image, classes, label_values)
        labels.append(label.array)
    return np.stack(labels)


def read_case_label(
    case: Case, image: Volume, classes: int, label_values: LabelValues | None
) -> Volume:
    """Read the reference; of several raters, their `majority`.

    Args:
        case: The case.
        image: The case's image.
        classes: How many classes there are.
        label_values: The class of each value of the file; None where they are the same. It says
            nothing of structure sets, which have names.

    Returns:
        Classes ``0 … classes-1`` on the image's grid, uint8; `PADDING` where the label has the
        value to ignore.

    Raises:
        DataError: No label, another grid than the image, values outside the declared classes, or no
            other value than that to ignore.
    """
    if case.raters:
        labels = read_rater_labels(case, image, classes, label_values)
        return image.with_array(majority(labels, classes))
    if case.label is None:
        raise DataError(f"case '{case.id}' has no label file; it is needed to train or score")
    label = read_on_grid(case.label, case, image)
    declared = _declared(case.label, classes, label_values)
    values = distinct_values(label.array)
    class_of_value = _classes_of(values, declared)
    is_ignored = np.zeros(len(values), bool)
    if not is_structure_set(case.label):  # whose values are numbers of classes
        is_ignored |= values == case.ignore_label
    if is_ignored.all():
        raise DataError(
            f"{case.label}: has no other value than {case.ignore_label}, that of "
            "data.ignore_label; correct the file, or leave the case out"
        )
    class_of_value[is_ignored] = PADDING
    unknown = values[class_of_value < 0]
    if unknown.size:
        value = value_text(unknown[0].item())
        remedy = label_remedy(case.label, values[~is_ignored], declared, classes)
        raise DataError(
            f"{case.label}: label value {value} is outside the declared "
            f"{', '.join(map(str, declared))}; {remedy}"
        )
    return label.with_array(replaced(label.array, values, class_of_value.astype(np.uint8)))


def _declared(path: Path, classes: int, label_values: LabelValues | None) -> LabelValues:
    """The class of each value of a file; a structure set has names, and is of classes already."""
    if label_values and not is_structure_set(path):
        return label_values
    return {value: value for value in range(classes)}


def _classes_of(values: np.ndarray, declared: LabelValues) -> np.ndarray:
    """The class of each value, −1 of one that is not declared; ranges are not written out.

    Whole numbers are compared as Python's, which have no largest one.

    Args:
        values: ``[n]``.
        declared: The class of each value or range.
    """
    keys = sorted(declared, key=_first_value)
    first = [_first_value(key) for key in keys]
    classes = np.full(len(values), -1)
    for position in np.flatnonzero(values == np.rint(values)):
        value = int(values[position])
        index = bisect.bisect_right(first, value) - 1
        if index >= 0 and value in value_range(keys[index]):
            classes[position] = declared[keys[index]]
    return classes


def _first_value(key: int | str) -> int:
    return value_range(key)[0]


def scored_references(
    case: Case, image: Volume, classes: int, label_values: LabelValues | None
) -> list[Volume]:
    """Read the labels that a case is scored against, to be averaged over.

    They are each of exactly two raters, whose majority would be their intersection, else the one of
    `read_case_label`. Arguments and errors are as there.
    """
    views = [case]
    if len(case.raters) == AVERAGED_RATERS:
        views = [case.by(rater) for rater in case.raters]
    return [read_case_label(view, image, classes, label_values) for view in views]


def written_values(case: Case) -> list[int | float]:
    """The different values of a case's label files, before they stand for classes.

    Structure sets have none, and that to ignore is left out.
    """
    values: set[int | float] = set()
    paths = list(case.raters.values())
    if not paths and case.label is not None:
        paths = [case.label]
    for path in paths:
        if is_structure_set(path):
            continue
        label = rounded(read_label_file(path), case.label_tolerance)
        values.update(np.unique(label.array).tolist())
    return sorted(value for value in values if value != case.ignore_label)
