"""The diversity of members over cases, by hand."""

import numpy as np
import pytest

from tfuq.errors import RunError
from tfuq.scoring.evaluation.diversity import Diversity

SURE, UNSURE, WRONG = [0.9, 0.1], [0.6, 0.4], [0.2, 0.8]


def add(diversity, members, y):
    diversity.add(
        np.array(members),
        np.array(y),
        lambda label: float(np.mean(label == np.array(y))),
        [0.25, 0.5],
    )


def test_cases_count_alike_however_many_items_they_have():
    diversity = Diversity("accuracy")
    add(diversity, [[SURE, SURE, SURE, SURE], [SURE, SURE, WRONG, WRONG]], [0, 0, 0, 0])
    add(diversity, [[SURE], [WRONG]], [0])
    summary = diversity.summary()
    assert summary["members"] == 2
    assert summary["disagreement"] == pytest.approx((0.5 + 1.0) / 2)
    assert summary["error_correlation"] is None  # the first member is never wrong
    assert (summary["between_member_variance"], summary["within_member_variance"]) == (0.25, 0.5)
    (pair,) = diversity.pair_rows()
    assert (pair["member"], pair["other"], pair["error_correlation"]) == (0, 1, None)
    there = 0.9 * np.log(0.9 / 0.2) + 0.1 * np.log(0.1 / 0.8)
    back = 0.2 * np.log(0.2 / 0.9) + 0.8 * np.log(0.8 / 0.1)
    assert pair["divergence"] == pytest.approx((there + back) / 2 * (0.5 + 1) / 2)


def test_the_curve_gains_over_one_member():
    diversity = Diversity("accuracy")
    add(diversity, [[SURE, UNSURE], [SURE, WRONG]], [0, 0])
    one, two = diversity.curve_rows()
    assert (one["accuracy"], one["accuracy_lowest"], one["accuracy_highest"]) == (0.75, 0.5, 1.0)
    assert (one["accuracy_gain"], one["subsets"], two["subsets"]) == (0, 2, 1)
    assert two["accuracy"] == 0.5  # the mean of the second item is 0.4
    assert two["accuracy_gain"] == -0.25
    nll = -np.mean(np.log([0.9, 0.4]))
    assert two["nll"] == pytest.approx(nll)
    assert two["nll_gain"] == pytest.approx(one["nll"] - nll)


@pytest.mark.parametrize(
    ("before", "members", "words"),
    [(0, 1, r"1 member\(s\) where two or more"), (2, 3, r"3 member\(s\) where 2 are needed")],
)
def test_cases_need_the_same_members(before, members, words):
    diversity = Diversity("accuracy")
    if before:
        add(diversity, [[SURE]] * before, [0])
    with pytest.raises(RunError, match=words):
        add(diversity, [[SURE]] * members, [0])


def test_what_was_not_gathered_of_every_case_is_refused_and_of_none_left_out():
    summary, tables = {}, {}
    Diversity("dice").enter(summary, tables, 2)
    assert (summary, tables) == ({}, {})
    diversity = Diversity("dice")
    add(diversity, [[SURE], [WRONG]], [0])
    with pytest.raises(RunError, match="members were kept of 1 cases, and 2 were predicted"):
        diversity.enter(summary, tables, 2)
    diversity.enter(summary, tables, 1)
    assert set(tables) == {"diversity", "member_curve"}
    assert summary["diversity"]["curve"] == tables["member_curve"]
