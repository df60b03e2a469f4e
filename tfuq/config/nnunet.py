"""nnU-Net's ``dataset.json``, of version 1 or 2.

References:
    nnU-Net's documentation, dataset_format.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfuq.config.nnunet_labels import Labels, read_labels, whole
from tfuq.config.text import fault_of_json
from tfuq.errors import DataError

LAYOUT = "nnunet"
DESCRIPTION = "dataset.json"
_MOST_TEXT = 2**26  # bytes; version 1 lists every case
_V1_ENDING = ".nii.gz"  # the only one of version 1


@dataclass(frozen=True, kw_only=True)
class Description:
    """What ``dataset.json`` says of a data set.

    Attributes:
        path: Of the file.
        channels: Names of the channels.
        labels: What the values of label files stand for.
        file_ending: Of images and labels, such as ``.nii.gz``.
        training_cases: How many there are; None where the file does not say.
        files: The entry of each case where the file lists them, as version 2 may; else empty.
    """

    path: Path
    channels: tuple[str, ...]
    labels: Labels
    file_ending: str
    training_cases: int | None
    files: Mapping[str, Any]


def read_description(root: Path) -> Description:
    """Read the ``dataset.json`` of a folder such as ``Dataset004_Hippocampus``.

    Raises:
        DataError: There is none, or it is not as nnU-Net has it.
    """
    path = root / DESCRIPTION
    tree = _read_json(path)
    channels = tree.get("channel_names", tree.get("modality"))
    if not isinstance(channels, dict) or not channels:
        raise DataError(
            f"{path}: names no channel: 'channel_names' (in version 1 'modality') must be of the "
            'form {"0": "T1"}; complete it'
        )
    files = tree.get("dataset", {})
    if not isinstance(files, dict):
        raise DataError(f"{path}: 'dataset' must list the files by case; correct or remove it")
    return Description(
        path=path,
        channels=_channel_names(path, channels),
        labels=read_labels(path, tree),
        file_ending=_file_ending(path, tree),
        training_cases=_count_of(path, tree),
        files=files,
    )


def _read_json(path: Path) -> dict[str, Any]:
    if not os.path.isfile(path):
        raise DataError(
            f"{path}: is not there; layout {LAYOUT} needs it: set data.root to the folder that has "
            "it, as by -o data.root=…/Dataset004_Hippocampus"
        )
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_TEXT).decode("utf-8-sig")
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: {fault_of_json(error)}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read ({error}); restore the file") from error
    if not isinstance(tree, dict):
        raise DataError(f"{path}: is no description of a data set; restore nnU-Net's file")
    return tree


def _channel_names(path: Path, channels: Mapping[str, Any]) -> tuple[str, ...]:
    """The names in the order of their numbers, which are 0, 1, …"""
    by_number = {}
    for number, name in channels.items():
        by_number[whole(number)] = str(name)
    if sorted(by_number, key=str) != sorted(range(len(channels)), key=str):
        numbers = ", ".join(channels)
        raise DataError(
            f"{path}: its channels have the numbers {numbers}; number them 0, 1, … without a gap"
        )
    return tuple(by_number[number] for number in range(len(channels)))


def _file_ending(path: Path, tree: Mapping[str, Any]) -> str:
    ending = tree.get("file_ending", _V1_ENDING)
    if not isinstance(ending, str) or not ending:
        raise DataError(f"{path}: 'file_ending' must be text such as .nii.gz; correct it")
    if not ending.startswith("."):
        ending = f".{ending}"
    return ending


def _count_of(path: Path, tree: Mapping[str, Any]) -> int | None:
    if "numTraining" not in tree:
        return None
    count = whole(tree["numTraining"])
    if count is None:
        raise DataError(f"{path}: 'numTraining' must be the number of training cases; correct it")
    return count
