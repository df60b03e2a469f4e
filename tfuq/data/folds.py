"""Folds of nnU-Net's cross-validation as a split."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfuq.config import SplitConfig
from tfuq.config.text import fault_of_json
from tfuq.data.channels import name_key
from tfuq.data.readers.text import read_plain_text
from tfuq.errors import DataError, nearest

# Of the folds that nnU-Net makes where it has no file of splits.
_FOLDS = 5
_SEED = 12345
_PARTS = ("train", "val")
Fold = Mapping[str, list[str]]  # case ids of "train" and "val"


def fold_of(config: SplitConfig, case_ids: Collection[str]) -> Fold:
    """The training and validation cases of a fold.

    Args:
        config: The split, which names the fold.
        case_ids: The labelled cases that are not set aside for testing.

    Raises:
        DataError: The file or the fold is not there, a case of it is unknown, or in both parts.
    """
    number = config.fold or 0
    if config.file is None:
        source = "data.split.fold"
        folds = _default_folds(case_ids)
    else:
        source = config.file
        folds = _read_folds(Path(config.file))
    if number >= len(folds):
        raise DataError(
            f"data.split.fold {number}: {source} has the folds 0 to {len(folds) - 1}; take one"
        )
    fold = {part: _known_names(folds[number][part], case_ids) for part in _PARTS}
    _check(fold, f"{source}: fold {number}", case_ids)
    return fold


def listed_folds(path: Path, case_ids: Collection[str]) -> list[Fold]:
    """All folds of nnU-Net's file of splits.

    Args:
        path: The file.
        case_ids: The labelled cases that are not set aside for testing.

    Raises:
        DataError: The file cannot be read, a case of it is unknown, or in both parts of a fold.
    """
    folds: list[Fold] = []
    for number, names in enumerate(_read_folds(path)):
        fold = {part: _known_names(names[part], case_ids) for part in _PARTS}
        _check(fold, f"{path}: fold {number}", case_ids)
        folds.append(fold)
    return folds


def _known_names(names: Sequence[str], case_ids: Collection[str]) -> list[str]:
    """The names, in the form of Unicode in which cases have them."""
    return [name if name in case_ids else name_key(name) for name in names]


def _default_folds(case_ids: Collection[str]) -> Sequence[Fold]:
    """The folds that nnU-Net makes, of versions 1 and 2."""
    names = sorted(case_ids)
    if len(names) < _FOLDS:
        raise DataError(
            f"data.split.fold: {len(names)} labelled training case(s) make no {_FOLDS} folds; "
            "give numbers of cases by data.split.train and validation, without fold"
        )
    from sklearn.model_selection import KFold  # which takes a second

    folds: list[Fold] = []
    for train, val in KFold(_FOLDS, shuffle=True, random_state=_SEED).split(names):
        folds.append({"train": [names[i] for i in train], "val": [names[i] for i in val]})
    return folds


def _read_folds(path: Path) -> Sequence[Fold]:
    try:
        folds = json.loads(read_plain_text(path))
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); data.split.file names nnU-Net's "
            "splits_final.json, which lies in nnUNet_preprocessed"
        ) from error
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: {fault_of_json(error)}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no text ({error}); restore nnU-Net's file") from error
    if not isinstance(folds, list) or not folds or not all(map(_is_fold, folds)):
        raise DataError(
            f"{path}: is no file of splits: it needs a list with case ids as 'train' and 'val' in "
            "each entry; restore nnU-Net's file"
        )
    return folds


def _is_fold(fold: Any) -> bool:
    if not isinstance(fold, dict):
        return False
    names = [name for part in _PARTS for name in _as_list(fold.get(part))]
    return all(isinstance(name, str) for name in names)


def _as_list(content: Any) -> list[Any]:
    """A list as it is; all else is a list of a thing that is no case."""
    return content if isinstance(content, list) else [None]


def _check(fold: Fold, source: str, case_ids: Collection[str]) -> None:
    part_of: dict[str, str] = {}
    for part in _PARTS:
        for name in fold[part]:
            if name not in case_ids:
                hint = nearest(name, case_ids)
                raise DataError(f"{source}: '{name}' of {part} is no labelled training case{hint}")
            if name in part_of:
                raise DataError(
                    f"{source}: case '{name}' is in both {part_of[name]} and {part}; keep it in one"
                )
            part_of[name] = part
    if not fold["train"]:
        raise DataError(f"{source}: trains on no case; take another fold")
