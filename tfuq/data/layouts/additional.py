"""Further training cases, which lie elsewhere than the data set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tfuq.config.data import AdditionalConfig
from tfuq.data.case import Case
from tfuq.data.channels import name_key
from tfuq.data.layouts.volumes import folder
from tfuq.errors import DataError


def with_additional(cases: Iterable[Case], additional: Sequence[AdditionalConfig]) -> list[Case]:
    """The cases of a data set with those that ``data.additional`` adds, sorted by id.

    Args:
        cases: Those of the data set.
        additional: The folders to add. Of their cases, those with a label are added.

    Raises:
        DataError: A folder is missing or has no labelled case, or two cases with a label have one
            id.
    """
    by_name = {name_key(case.id): case for case in cases}
    for each in additional:
        for case in _labelled(each):
            known = by_name.get(name_key(case.id))
            if known and known.has_reference:
                raise DataError(
                    f"data.additional: {case.label}: case '{case.id}' has a label in "
                    f"{known.label or 'the data set'} already; keep one, or rename the other"
                )
            by_name[name_key(case.id)] = replace(case, is_additional=True)
    return sorted(by_name.values(), key=lambda case: case.id)


def _labelled(additional: AdditionalConfig) -> list[Case]:
    root = Path(additional.root)
    if not root.is_dir():
        raise DataError(f"data.additional: {root}: no such folder; correct its root")
    cases = [case for case in folder(root, additional.label_folder) if case.has_reference]
    if not cases:
        raise DataError(
            f"data.additional: {root / additional.label_folder}: has no label of an image in "
            f"{root / 'image'}; save corrected labels there, or correct label_folder"
        )
    return cases
