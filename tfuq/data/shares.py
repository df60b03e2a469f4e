"""How many cases each part of a split has, and which of them belong together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tfuq.config import SplitConfig
from tfuq.data.cases import Case
from tfuq.errors import DataError

_SHARES = {"validation": 0.1, "test": 0.2}  # the others are trained on


def number_of(count: int | list[str] | None) -> int:
    """How many cases a key of ``data.split`` asks for."""
    if count is None:
        return 0
    if isinstance(count, int):
        return count
    return len(count)


def part_counts(config: SplitConfig, parts: Sequence[str], available: int) -> dict[str, int]:
    """How many cases, or subjects, each part takes of those that are there.

    Args:
        config: The split.
        parts: The parts that are divided among, in their order.
        available: How many cases or subjects there are.

    Raises:
        DataError: None would be left to train on, or more asked to calibrate on than test.
    """
    if config.is_by_shares:
        return _counts_by_shares(config, parts, available)
    counts = {part: number_of(getattr(config, part)) for part in parts}
    if "train" in counts and config.train is None:
        counts["train"] = available - sum(counts.values())
        if counts["train"] < 1:
            raise DataError(
                f"data.split leaves none of the {available} cases or subjects with a reference to "
                "train on; lower its numbers"
            )
    return counts


def _counts_by_shares(config: SplitConfig, parts: Sequence[str], available: int) -> dict[str, int]:
    counts = dict.fromkeys(parts, 0)
    if "train" in parts:
        total = 1.0 - sum(share for part, share in _SHARES.items() if part not in parts)
        spare = available - 1  # one case at least is trained on
        for part in ("test", "validation"):
            if part in parts:
                asked = max(round(available * _SHARES[part] / total), 1)
                counts[part] = min(asked, spare)
                spare -= counts[part]
    counts[parts[0]] = available - sum(counts.values())
    return _with_calibration(config, counts)


def _with_calibration(config: SplitConfig, counts: dict[str, int]) -> dict[str, int]:
    """The last test cases become those to calibrate on."""
    asked = number_of(config.calibration)
    if "calibration" not in counts or not asked:
        return counts
    if asked >= counts["test"]:
        raise DataError(
            f"data.split.calibration {asked} leaves none of the {counts['test']} test case(s), of "
            "which calibration cases are taken; lower it, or give data.split.test a number"
        )
    return counts | {"test": counts["test"] - asked, "calibration": asked}


def subjects_of(case_ids: Iterable[str], pattern: str | None) -> dict[str, list[str]]:
    """The cases of each subject, sorted; without a pattern, each case is a subject of its own.

    Args:
        case_ids: The ids of the cases.
        pattern: A regular expression that finds the subject in an id.

    Raises:
        DataError: The pattern is not in an id.
    """
    if pattern is None:
        return {case_id: [case_id] for case_id in case_ids}
    subjects: dict[str, list[str]] = {}
    for case_id in sorted(case_ids):
        name = subject_of(case_id, pattern)
        if name is None:
            raise DataError(
                f"data.split.subject '{pattern}' is not in the case id '{case_id}'; "
                "correct it, so that it finds the subject in every id"
            )
        subjects.setdefault(name, []).append(case_id)
    return subjects


def subject_of(case_id: str, pattern: str) -> str | None:
    """The subject that a pattern finds in an id; None where it finds none."""
    match = re.search(pattern, case_id)
    if match is None:
        return None
    name = match[1] if match.re.groups else match[0]
    return name or ""


def require_whole_subjects(
    part_of: Mapping[str, str], pattern: str | None, source: str, remedy: str
) -> None:
    """Refuse a subject whose cases are in two parts.

    Args:
        part_of: The part of each case. Those whose id has no subject are of none.
        pattern: A regular expression that finds the subject in an id; None of no subjects.
        source: Of the parts, for messages.
        remedy: What to do, for messages.

    Raises:
        DataError: There is such a subject.
    """
    if pattern is None:
        return
    named = [case_id for case_id in part_of if subject_of(case_id, pattern) is not None]
    for subject, case_ids in subjects_of(named, pattern).items():
        parts = sorted({part_of[case_id] for case_id in case_ids})
        if len(parts) > 1:
            raise DataError(
                f"{source}: subject '{subject}' has cases in {' and '.join(parts)} "
                f"({', '.join(case_ids)}); {remedy}"
            )


def spread_classes(
    order: np.ndarray, subjects: Mapping[str, Sequence[str]], cases: Mapping[str, Case]
) -> np.ndarray:
    """The order in which each class is spread evenly, so that each stretch has its share of it.

    Args:
        order: Names of subjects ``[N]`` in a random order, which is kept within a class.
        subjects: The cases of each subject, whose first says its class.
        cases: The cases by id. Those without a class of their own are of one class.
    """
    classes = [_class_of(cases[subjects[str(name)][0]]) for name in order]
    totals = Counter(classes)
    seen: Counter[str] = Counter()
    positions = []
    for name in classes:
        seen[name] += 1
        positions.append((seen[name] - 0.5) / totals[name])
    return order[np.argsort(positions, kind="stable")]


def class_by_class(
    order: np.ndarray, subjects: Mapping[str, Sequence[str]], cases: Mapping[str, Case]
) -> np.ndarray:
    """The order with each class in a stretch of its own; arguments are as of `spread_classes`."""
    classes = [_class_of(cases[subjects[str(name)][0]]) for name in order]
    return order[np.argsort(classes, kind="stable")]


def _class_of(case: Case) -> str:
    truth = case.truth
    return str(truth) if isinstance(truth, (int, str)) else ""
