"""How many cases each part has, and which of them stay together."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tfuq.config import SplitConfig
from tfuq.data.cases import Case
from tfuq.data.shares import (
    class_by_class,
    number_of,
    part_counts,
    require_whole_subjects,
    spread_classes,
    subject_of,
    subjects_of,
)
from tfuq.data.splits import split_cases
from tfuq.errors import DataError

PARTS = ("train", "validation", "test")


def sizes(cases, **split):
    parts = split_cases(cases, SplitConfig(**split))
    return {part: len(of_part) for part, of_part in parts.items()}


def scans(count, part=None):
    return [Case(f"{part or 'c'}{i:03}", (), Path("x"), part=part) for i in range(count)]


def test_a_number_a_list_and_nothing_are_counted():
    assert [number_of(4), number_of(["a", "b"]), number_of(None)] == [4, 2, 0]


@pytest.mark.parametrize(
    ("available", "counts"),
    [
        (1, (1, 0, 0)),
        (2, (1, 0, 1)),
        (3, (1, 1, 1)),
        (10, (7, 1, 2)),
        (58, (40, 6, 12)),
        (240, (168, 24, 48)),
    ],
)
def test_shares_are_of_seventy_ten_and_twenty_percent(available, counts):
    assert tuple(part_counts(SplitConfig(), PARTS, available).values()) == counts


def test_cases_to_calibrate_on_are_the_last_test_cases():
    before = split_cases(scans(20), SplitConfig())
    after = split_cases(scans(20), SplitConfig(calibration=1))
    assert after["train"] == before["train"]
    assert after["validation"] == before["validation"]
    assert {case.id for case in after["test"] + after["calibration"]} == {
        case.id for case in before["test"]
    }
    with pytest.raises(DataError, match=r"calibration 4 leaves none of the 4 test case"):
        split_cases(scans(20), SplitConfig(calibration=4))


def test_a_part_that_the_data_set_sets_aside_is_taken_as_a_whole():
    assert sizes([*scans(16), *scans(5, "test")]) == {"train": 14, "validation": 2, "test": 5}
    aside = [*scans(10), *scans(5, "test"), *scans(3, "validation")]
    assert sizes(aside) == {"train": 10, "validation": 3, "test": 5}


def test_training_cases_are_the_rest_where_their_number_is_left_out():
    assert sizes(scans(10), test=3) == {"train": 7, "validation": 0, "test": 3}
    with pytest.raises(DataError, match="leaves none of the 10"):
        sizes(scans(10), test=10)


def test_each_class_has_its_share_in_each_part():
    truths = ["rare"] * 10 + ["common"] * 90
    cases = [Case(f"c{i:03}", (), truth=truth) for i, truth in enumerate(truths)]
    parts = split_cases(cases, SplitConfig(seed=5))
    counted = {part: Counter(case.truth for case in parts[part]) for part in PARTS}
    assert counted == {
        "train": {"rare": 7, "common": 63},
        "validation": {"rare": 1, "common": 9},
        "test": {"rare": 2, "common": 18},
    }


def test_an_order_within_a_class_is_kept():
    cases = {name: Case(name, (), truth=int(name in "ab")) for name in "abcdef"}
    order = np.array(list("cadbef"))
    spread = spread_classes(order, {name: [name] for name in cases}, cases)
    assert "".join(spread) == "cadebf", "c, d, e, f at 1/8, 3/8, 5/8, 7/8; a, b at 1/4, 3/4"


def visits(subjects, each):
    return [
        Case(f"sub-{s:02}_ses-{v}", (), Path("x")) for s in range(subjects) for v in range(each)
    ]


@pytest.mark.parametrize("split", [{}, {"train": 6, "validation": 2, "test": 2}], ids=str)
def test_the_cases_of_a_subject_are_in_one_part(split):
    parts = split_cases(visits(10, 3), SplitConfig(subject="sub-[^_]+", **split))
    subjects = {part: {case.id[:6] for case in parts[part]} for part in PARTS}
    assert sum(len(names) for names in subjects.values()) == 10
    assert sum(len(cases) for cases in parts.values()) == 30
    counts = {part: len(names) for part, names in subjects.items()}
    assert counts == split or counts == {"train": 7, "validation": 1, "test": 2}


def test_a_group_of_the_pattern_names_the_subject():
    assert subjects_of(["1_a", "1_b", "2_a"], r"(\d+)_") == {"1": ["1_a", "1_b"], "2": ["2_a"]}
    with pytest.raises(DataError, match="'x' is not in the case id '1_a'"):
        subjects_of(["1_a"], "x")


def test_a_subject_that_is_listed_in_two_parts_is_refused():
    listed = {"train": ["sub-00_ses-0"], "validation": [], "test": ["sub-00_ses-1"]}
    with pytest.raises(DataError, match=r"subject 'sub-00' has cases in test and train"):
        split_cases(visits(2, 2), SplitConfig(subject="sub-[^_]+", **listed))


def test_more_subjects_than_there_are_is_refused():
    with pytest.raises(DataError, match="more subjects than the 2 with a reference"):
        split_cases(visits(2, 3), SplitConfig(subject="sub-[^_]+", train=3))


def test_classes_are_put_one_after_another_in_the_order_that_is_given():
    cases = {
        name: Case(name, (), truth=truth) for name, truth in zip("abcde", "yxyxx", strict=True)
    }
    order = np.array(["e", "a", "b", "c", "d"])
    assert list(class_by_class(order, {name: [name] for name in cases}, cases)) == list("ebdac")


def test_the_subject_is_the_first_group_or_all_that_matches():
    assert subject_of("sub-07_ses-1", "sub-[^_]+") == "sub-07"
    assert subject_of("sub-07_ses-1", "sub-([^_]+)") == "07"
    assert subject_of("phantom", "sub-[^_]+") is None


def test_a_subject_is_in_one_part():
    parts = {"s1_a": "train", "s1_b": "train", "s2_a": "test", "other": "test"}
    require_whole_subjects(parts, "s[0-9]", "data.split", "mend it")
    parts["s2_b"] = "train"
    require_whole_subjects(parts, None, "data.split", "mend it")
    with pytest.raises(DataError, match=r"'s2' has cases in test and train \(s2_a, s2_b\); mend"):
        require_whole_subjects(parts, "s[0-9]", "data.split", "mend it")
