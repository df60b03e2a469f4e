"""Splits: by chance or listed, never one case in two parts."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tfuq.config import SplitConfig
from tfuq.data.cases import Case
from tfuq.data.layouts import list_cases
from tfuq.data.splits import split_cases
from tfuq.errors import DataError


def some_cases(tmp_path, count=10):
    return [Case(f"c{i}", (), tmp_path) for i in range(count)] + [Case("unlabelled", (), None)]


def test_splits_never_share_a_case(tmp_path):
    cases = some_cases(tmp_path)
    parts = split_cases(cases, SplitConfig(seed=3, train=5, validation=2, test=3))
    ids = [case.id for part in parts.values() for case in part]
    assert sorted(ids) == sorted(set(ids)) == [f"c{i}" for i in range(10)]
    assert split_cases(cases, SplitConfig(seed=3, train=5, validation=2, test=3)) == parts
    assert split_cases(cases, SplitConfig(seed=4, train=5, validation=2, test=3)) != parts


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"train": 9, "validation": 1, "test": 1}, "more cases than the 10 with a reference"),
        (
            {"train": ["c1"], "validation": ["c1"], "test": []},
            "'c1' is in both train and validation",
        ),
        ({"train": ["c1", "c1"], "validation": [], "test": []}, "'c1' is in both train and train"),
        (
            {"train": ["c111"], "validation": [], "test": []},
            "no labelled case 'c111'; did you mean",
        ),
        ({"train": ["unlabelled"], "validation": [], "test": []}, "no labelled case"),
        ({"train": [], "validation": [], "test": ["c1"]}, "train is empty"),
    ],
)
def test_bad_splits(tmp_path, split, words):
    with pytest.raises(DataError, match=words):
        split_cases(some_cases(tmp_path), SplitConfig(**split))


def test_cases_set_aside_are_never_trained_on(digits):
    cases = list_cases("idx", digits)
    assert Counter(case.part for case in cases) == {"train": 48, "test": 12}
    parts = split_cases(cases, SplitConfig(train=40, validation=8, test=12, seed=3))
    assert all(case.id.startswith("t10k") for case in parts["test"])
    assert not {case.id for case in parts["test"]} & {
        case.id for part in ("train", "validation") for case in parts[part]
    }


def test_each_part_is_drawn_from_what_is_set_aside_for_it():
    """And from the rest where nothing is; what is set aside for testing moves no other case."""
    aside = {"v": "validation", "t": "test", "n": None}
    cases = [
        Case(f"{kind}{i}", (), Path("x"), part=aside[kind]) for kind in "vtn" for i in range(6)
    ]
    split = SplitConfig(train=2, validation=2, test=2, calibration=2)
    parts = split_cases(cases, split)
    assert {part: {case.id[0] for case in parts[part]} for part in parts} == {
        "train": {"n"},
        "validation": {"v"},
        "test": {"t"},
        "calibration": {"t"},
    }
    without_test = split_cases([case for case in cases if case.part != "test"], split)
    assert {case.id[0] for case in without_test["test"] + without_test["calibration"]} == {"n"}
    without_validation = split_cases([case for case in cases if case.part != "validation"], split)
    assert without_validation["test"] == parts["test"]
    assert without_validation["train"] == parts["train"]


@pytest.mark.parametrize("change", [{"part": "test"}, {"is_additional": True}])
def test_a_subject_on_two_sides_of_what_is_set_aside_is_refused(change):
    cases = [Case(f"sub-{i}_first", (), Path("x")) for i in range(6)]
    cases += [Case(f"sub-{i}_second", (), Path("x"), **change) for i in range(6)]
    split = SplitConfig(train=3, validation=1, test=2)
    assert split_cases(cases, split)["test"]
    by_subject = split.model_copy(update={"subject": "sub-[0-9]+"})
    with pytest.raises(DataError, match=r"subject 'sub-\d' has cases in .* keep them in one part"):
        split_cases(cases, by_subject)


def ids(parts):
    return {part: [case.id for case in cases] for part, cases in parts.items()}


def test_a_calibration_part_moves_no_other_case(tmp_path):
    cases = some_cases(tmp_path, 14)
    before = ids(split_cases(cases, SplitConfig(seed=3, train=5, validation=2, test=4)))
    assert list(before) == ["train", "validation", "test"]
    after = ids(
        split_cases(cases, SplitConfig(seed=3, train=5, validation=2, test=4, calibration=3))
    )
    assert {part: after[part] for part in before} == before
    order = np.random.default_rng(3).permutation(
        sorted(case.id for case in cases if case.has_reference)
    )
    assert after["calibration"] == sorted(order[11:14])
    smaller = ids(
        split_cases(cases, SplitConfig(seed=3, train=5, validation=2, test=3, calibration=1))
    )
    assert (smaller["train"], smaller["validation"]) == (before["train"], before["validation"])
    assert sorted(smaller["test"] + smaller["calibration"]) == before["test"]
    with pytest.raises(DataError, match=r"more cases than the 14 .* calibration 4"):
        split_cases(cases, SplitConfig(train=5, validation=2, test=4, calibration=4))


def test_calibration_cases_come_from_where_test_cases_do():
    """A set that has its own test cases: promises are for those."""
    cases = [
        Case(f"{part}-{k}", (), truth=0, part=part) for part in ("train", "test") for k in range(6)
    ]
    parts = ids(split_cases(cases, SplitConfig(train=3, validation=1, test=2, calibration=3)))
    assert all(case_id.startswith("test") for case_id in parts["test"] + parts["calibration"])
    assert not set(parts["test"]) & set(parts["calibration"])


def test_a_listed_calibration_part(tmp_path):
    cases = some_cases(tmp_path, 4)
    a, b, c, d, _ = sorted(case.id for case in cases)
    listed = {"train": [a], "validation": [b], "test": [c]}
    assert ids(split_cases(cases, SplitConfig(**listed))) == listed
    assert ids(split_cases(cases, SplitConfig(**listed, calibration=[d])))["calibration"] == [d]
    with pytest.raises(DataError, match="is in both test and calibration"):
        split_cases(cases, SplitConfig(**listed, calibration=[c]))
    with pytest.raises(
        ValueError, match="calibration must all be numbers of cases or all be lists"
    ):
        SplitConfig(**listed, calibration=2)


def test_smaller_training_sets_lie_within_larger_ones_and_tests_stay():
    cases = [Case(f"c{n:02d}", (), truth=0) for n in range(30)]
    parts = {
        n: split_cases(cases, SplitConfig(seed=3, train=12, validation=4, test=10, use=n))
        for n in (1, 5, 12)
    }
    ids = {n: {case.id for case in part["train"]} for n, part in parts.items()}
    assert [len(found) for found in ids.values()] == [1, 5, 12]
    assert ids[1] < ids[5] < ids[12]
    assert parts[1]["test"] == parts[12]["test"]
    assert parts[1]["validation"] == parts[12]["validation"]
    assert parts[12] == split_cases(cases, SplitConfig(seed=3, train=12, validation=4, test=10))
