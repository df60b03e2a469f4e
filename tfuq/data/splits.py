"""Train, validation, test and calibration by case; never one case in two parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tfuq.config import SplitConfig
from tfuq.data.cases import Case
from tfuq.data.folds import fold_of
from tfuq.data.shares import (
    number_of,
    part_counts,
    require_whole_subjects,
    spread_classes,
    subjects_of,
)
from tfuq.errors import DataError, nearest

PARTS = ("train", "validation", "test")
CALIBRATION = "calibration"  # a part of those splits alone that ask for it
_Ids = dict[str, list[str]]  # of the cases of each part


def split_cases(cases: list[Case], config: SplitConfig) -> dict[str, list[Case]]:
    """Assign cases to parts.

    Where the data set itself sets cases aside for testing, test and calibration cases are chosen
    from those; where it sets cases aside for validation, validation cases are. The others are
    chosen from the rest. The parts are consecutive stretches of one order that
    the seed gives, calibration the last: asking for calibration cases moves no case of another
    part. Where the configuration names subjects, all cases of one are in the same part.

    Args:
        cases: The cases; those without a reference are left out.
        config: The split.

    Returns:
        The cases of each part, sorted by id.

    Raises:
        DataError: More cases asked for than there are, unknown ids, one id or subject in two
            parts.
    """
    labelled = {case.id: case for case in cases if case.has_reference and not case.is_additional}
    if not labelled:
        raise DataError(
            f"none of the {len(cases)} cases has a label, class or landmarks; "
            "put them where data.layout expects them "
            "(folder: 'label' beside 'image', or what data.label_folder or data.rater_folders "
            "names)"
        )
    ids = _assignment(config)(config, labelled)
    if config.use and config.use > len(ids["train"]):
        raise DataError(
            f"data.split.use {config.use} is more than the {len(ids['train'])} training case(s); "
            "lower it"
        )
    ids["train"] = ids["train"][: config.use]
    split = {}
    for part, case_ids in ids.items():
        split[part] = [labelled[case_id] for case_id in sorted(case_ids)]
    additional = [case for case in cases if case.is_additional and case.has_reference]
    split["train"] = sorted([*split["train"], *additional], key=lambda case: case.id)
    part_of = {case.id: part for part, chosen in split.items() for case in chosen}
    require_whole_subjects(part_of, config.subject, "data.split", "keep them in one part")
    return split


def _assignment(config: SplitConfig) -> Callable[[SplitConfig, Mapping[str, Case]], _Ids]:
    if config.fold is not None:
        return _ids_of_fold
    if isinstance(config.train, list):
        return _listed_ids
    return _random_ids


def _optional_parts(config: SplitConfig) -> tuple[str, ...]:
    return (CALIBRATION,) if config.calibration else ()


def _random_ids(config: SplitConfig, labelled: Mapping[str, Case]) -> _Ids:
    """Draw each part from the cases that the data set sets aside for it, else from the rest."""
    for_testing = _set_aside(labelled, "test")
    for_validation = _set_aside(labelled, "validation")
    parts_of_rest = list(PARTS + _optional_parts(config))
    parts_of_testing = [part for part in parts_of_rest if part in ("test", CALIBRATION)]
    ids: _Ids = {}
    if for_validation:
        ids |= _random_ids_among(for_validation, config, ["validation"])
        parts_of_rest.remove("validation")
    if for_testing:
        ids |= _random_ids_among(for_testing, config, parts_of_testing)
        parts_of_rest = [part for part in parts_of_rest if part not in parts_of_testing]
    aside = {**for_testing, **for_validation}
    rest = {case_id: case for case_id, case in labelled.items() if case_id not in aside}
    ids |= _random_ids_among(rest, config, parts_of_rest)
    return {part: ids[part] for part in PARTS + _optional_parts(config)}


def _set_aside(labelled: Mapping[str, Case], part: str) -> dict[str, Case]:
    return {case_id: case for case_id, case in labelled.items() if case.part == part}


def _random_ids_among(cases: Mapping[str, Case], config: SplitConfig, parts: Sequence[str]) -> _Ids:
    """Divide cases, or subjects, among parts: each part is a stretch of one random order."""
    subjects = subjects_of(cases, config.subject)
    counts = part_counts(config, parts, len(subjects))
    if sum(counts.values()) > len(subjects):
        asked = ", ".join(f"{part} {count}" for part, count in counts.items())
        unit = "cases" if config.subject is None else "subjects"
        raise DataError(
            f"data.split asks for more {unit} than the {len(subjects)} with a reference "
            f"({asked}); lower the numbers"
        )
    order = np.random.default_rng(config.seed).permutation(sorted(subjects))
    if config.is_by_shares:
        order = spread_classes(order, subjects, cases)
    ids = {}
    start = 0
    for part, count in counts.items():
        chosen = order[start : start + count]
        ids[part] = [case_id for subject in chosen for case_id in subjects[str(subject)]]
        start += count
    return ids


def _listed_ids(config: SplitConfig, labelled: Mapping[str, Case]) -> _Ids:
    parts = PARTS + _optional_parts(config)
    ids = {part: list(getattr(config, part)) for part in parts}
    part_of: dict[str, str] = {}
    for part, case_ids in ids.items():
        for case_id in case_ids:
            if case_id not in labelled:
                hint = nearest(case_id, labelled)
                raise DataError(f"data.split.{part}: no labelled case '{case_id}'{hint}")
            if case_id in part_of:
                raise DataError(
                    f"data.split: case '{case_id}' is in both {part_of[case_id]} and {part}; "
                    "keep it in one"
                )
            part_of[case_id] = part
    if not ids["train"]:
        raise DataError("data.split.train is empty; list at least one case")
    return ids


def _ids_of_fold(config: SplitConfig, labelled: Mapping[str, Case]) -> _Ids:
    """The cases of a fold; its own validation cases are divided where no others are for testing."""
    for_testing = _set_aside(labelled, "test")
    fold = fold_of(config, set(labelled) - set(for_testing))
    optional = _optional_parts(config)
    if for_testing:
        remaining = len(for_testing) - number_of(config.calibration)
        counted = config.model_copy(update={"test": config.test or max(remaining, 0)})
        ids = _random_ids_among(for_testing, counted, PARTS[2:] + optional)
        return {"train": list(fold["train"]), "validation": list(fold["val"])} | ids
    remaining = len(fold["val"]) - number_of(config.calibration)
    test = number_of(config.test) or max(remaining, 0) // 2
    counts = {"test": test, "validation": max(remaining - test, 0)}
    counted = config.model_copy(update=counts)
    validating = {case_id: labelled[case_id] for case_id in fold["val"]}
    ids = _random_ids_among(validating, counted, PARTS[1:] + optional)
    return {"train": list(fold["train"])} | ids
