"""What the values of labels stand for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfuq.data.label_values import distinct_values
from tfuq.data.readers import read_label_file
from tfuq.data.readers.dicom.marks import is_structure_set
from tfuq.data.readers.rtstruct import read_structure_set
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.data.spread import evenly
from tfuq.errors import DataError
from tfuq.workflows.init.found import Found

_MOST_BYTES = 500_000_000  # of label files that are all read
_MOST_READ = 50  # of larger sets
_MOST_CLASSES = 255
_TOLERANCE = 0.001
_SPLIT: dict[int | str, int] = {"0-127": 0, "128-255": 1}


def value_keys(paths: Sequence[Path], word: str | None) -> Found:
    """Keys of ``data`` that say what the values of labels stand for.

    Args:
        paths: The files of labels.
        word: The name of the only structure, where names of files tell it.

    Raises:
        DataError: The files have no values of labels.
    """
    if all(path.is_file() and is_structure_set(path) for path in paths):
        return _of_structure_sets(paths)
    chosen, remarks = _chosen(paths)
    values = np.unique(np.concatenate([_values_of(path) for path in chosen]))
    data: dict[str, Any] = {}
    if (values != np.rint(values)).any():
        _require_near_whole(values)
        data["label_tolerance"] = _TOLERANCE
        values = np.unique(np.rint(values))
    whole = [int(value) for value in values]
    if is_plain_image(chosen[0]) and _is_blurred_mask(whole):
        data |= {"classes": ["background", word or "structure"], "label_values": _SPLIT}
        reasons = {"label_values": "a mask of 0 and 255 with other values between, as JPEG leaves"}
        return Found(task="segmentation", data=data, reasons=reasons, remarks=remarks)
    data |= _of_values(whole, word)
    reasons = {"classes": f"values of {len(chosen)} label file(s): {_listed(whole)}; rename them"}
    return Found(task="segmentation", data=data, reasons=reasons, remarks=remarks)


def _of_structure_sets(paths: Sequence[Path]) -> Found:
    names = sorted({roi.name for path in paths for roi in read_structure_set(path)})
    data = {"classes": ["background", *names]}
    return Found(task="segmentation", data=data, reasons={"classes": "regions of RTSTRUCT files"})


def _chosen(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The files to read: all of a small set, and some of a large one."""
    files = [path for path in paths if path.is_file()]
    if sum(path.stat().st_size for path in files) <= _MOST_BYTES or len(paths) <= _MOST_READ:
        return list(paths), []
    remark = (
        f"classes are those of {_MOST_READ} of the {len(paths)} label files; "
        "tfuq data check reads all, and names a value that they lack"
    )
    return evenly(paths, _MOST_READ), [remark]


def _values_of(path: Path) -> np.ndarray:
    return distinct_values(read_label_file(path).array).astype(np.float64)


def _require_near_whole(values: np.ndarray) -> None:
    if np.abs(values - np.rint(values)).max() > _TOLERANCE:
        raise DataError(
            "the values of the labels lie between whole numbers, as interpolation leaves them; "
            "resample the labels by nearest neighbours, or say by --labels which files are meant"
        )


def _is_blurred_mask(values: Sequence[int]) -> bool:
    return len(values) > 2 and values[0] == 0 and values[-1] == 255 and len(values) > 16


def _of_values(values: Sequence[int], word: str | None) -> dict[str, Any]:
    if len(values) < 2:
        raise DataError(
            f"the labels have the value {values[0]} alone, and so no structure; "
            "say by --labels which files are labels"
        )
    if len(values) > _MOST_CLASSES:
        raise DataError(
            f"the labels have {len(values)} values, and {_MOST_CLASSES} classes are the most; "
            "join values by data.label_values in a configuration of your own"
        )
    names = ["background", *(f"label_{value}" for value in values[1:])]
    if len(values) == 2:
        names[1] = word or "structure"
    data: dict[str, Any] = {"classes": names}
    if values != list(range(len(values))):
        data["label_values"] = {value: number for number, value in enumerate(values)}
    return data


def _listed(values: Sequence[int]) -> str:
    if len(values) > 12:
        return f"{values[0]} to {values[-1]}, {len(values)} of them"
    return ", ".join(map(str, values))
