"""Folds of the training cases: each is left out by one member of an ensemble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tfuq.config import SplitConfig
from tfuq.data.cases import Case
from tfuq.data.folds import listed_folds
from tfuq.data.shares import class_by_class, require_whole_subjects, subjects_of
from tfuq.errors import DataError


def cross_folds(config: SplitConfig, cases: Sequence[Case], count: int) -> list[list[str]]:
    """Divide cases into folds, each of which one member validates on and does not train on.

    All cases of a subject are in one fold, and each class is spread evenly over the folds. With
    ``data.split.file`` they are the validation cases of nnU-Net's folds.

    Args:
        config: The split.
        cases: The cases to train and validate on.
        count: How many folds.

    Returns:
        Ids of the cases of each fold, sorted. No case is in two folds.

    Raises:
        DataError: There are fewer subjects than folds, or the file has another number of folds,
            leaves a case out, or parts a subject. Or an additional case, which every member trains
            on, is of a subject in a fold.
    """
    by_id = {case.id: case for case in cases if not case.is_additional}
    if config.file is not None:
        folds = _of_file(Path(config.file), by_id, count)
        _check_subjects(config, folds, cases)
        return folds
    subjects = subjects_of(by_id, config.subject)
    if len(subjects) < count:
        unit = "case(s)" if config.subject is None else "subject(s)"
        remedy = "or train without folds"
        if len(subjects) > 1:
            remedy = f"or {len(subjects)} folds or fewer"
        raise DataError(
            f"{count} folds of {len(subjects)} {unit} to train on: each fold needs one; "
            f"take more cases, {remedy}"
        )
    order = np.random.default_rng(config.seed).permutation(sorted(subjects))
    order = class_by_class(order, subjects, by_id)
    folds = []
    for number in range(count):
        chosen = order[number::count]
        ids = [case_id for subject in chosen for case_id in subjects[str(subject)]]
        folds.append(sorted(ids))
    _check_subjects(config, folds, cases)
    return folds


def _check_subjects(
    config: SplitConfig, folds: Sequence[Sequence[str]], cases: Sequence[Case]
) -> None:
    """Refuse a subject in two folds, or in a fold and in what every member trains on."""
    part_of = {case.id: "data.additional" for case in cases if case.is_additional}
    for number, fold in enumerate(folds):
        part_of |= dict.fromkeys(fold, f"fold {number}")
    source = config.file or "data.split"
    remedy = "keep them together"
    require_whole_subjects(part_of, config.subject, source, remedy)


def _of_file(path: Path, by_id: Mapping[str, Case], count: int) -> list[list[str]]:
    folds = [sorted(fold["val"]) for fold in listed_folds(path, by_id)]
    if len(folds) != count:
        raise DataError(
            f"{path}: has {len(folds)} folds, and {count} are asked for; pass --folds {len(folds)}"
        )
    times = Counter(case_id for fold in folds for case_id in fold)
    for case_id in by_id:
        if times[case_id] != 1:
            raise DataError(
                f"{path}: case '{case_id}' is in {times[case_id]} of the folds' 'val', and must be "
                "in one; correct the file, or leave out data.split.file"
            )
    return folds
