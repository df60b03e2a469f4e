"""The split in a configuration: numbers, lists, shares, subjects, and what contradicts them."""

import pytest

from tfuq.config.split import SplitConfig


def test_a_split_is_of_numbers_or_of_ids():
    assert SplitConfig(train=3, use=3).use == 3
    assert SplitConfig(train=["a", "b"], validation=[], test=["c"], use=1).train == ["a", "b"]
    with pytest.raises(ValueError, match=r"use 2 is more than the 1 case\(s\) of train"):
        SplitConfig(train=["a"], validation=[], test=[], use=2)


def test_a_split_is_by_shares_where_no_part_is_given():
    assert SplitConfig().is_by_shares
    assert SplitConfig(seed=3, calibration=4).is_by_shares
    assert not SplitConfig(test=0).is_by_shares
    assert not SplitConfig(fold=0).is_by_shares


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"train": 2, "test": ["a"]}, "must all be numbers of cases or all be lists"),
        ({"test": ["a"], "validation": ["b"]}, "train is left out beside lists"),
        ({"fold": 0, "validation": 0}, "leave out both keys"),
        ({"fold": 0, "test": ["a"]}, "give numbers"),
        ({"fold": 0, "subject": "sub-."}, "leave out subject"),
        ({"subject": "sub-("}, "is no regular expression"),
    ],
    ids=str,
)
def test_keys_that_contradict_each_other_are_refused(split, words):
    with pytest.raises(ValueError, match=words):
        SplitConfig(**split)
