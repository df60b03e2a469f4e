"""Constraints on doses."""

import numpy as np
import pytest

from tfuq.errors import DataError
from tfuq.scoring.dose_constraints import parse_constraint

STRUCTURES = ["lung", "left: lung", "cord"]


@pytest.mark.parametrize(
    ("text", "structure", "name", "bound", "held"),
    [
        ("V20<35%", None, "v20_percent", 35, [True, False, False]),
        ("lung: V20 <= 35 %", "lung", "v20_percent", 35, [True, True, False]),
        ("left: lung:V20Gy<500cc", "left: lung", "v20_cc", 500, None),
        ("D95>=57Gy", None, "d95_gy", 57, None),
        ("cord:D0.03cc>45.5gy", "cord", "d0.03cc_gy", 45.5, None),
        ("Dmean<20Gy", None, "mean_gy", 20, None),
    ],
)
def test_what_is_bounded(text, structure, name, bound, held):
    constraint = parse_constraint(text, STRUCTURES)
    assert (constraint.structure, constraint.quantity.name, constraint.bound) == (
        structure,
        name,
        bound,
    )
    assert " " not in constraint.text
    if held:
        assert constraint.holds(np.array([34.9, 35.0, 35.1])).tolist() == held


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("V20<35", r"bound and its unit; write it as V20<35%, V20<500cc, D95>=57Gy"),
        ("V20=35%", "write it as"),
        ("V20<35Gy", "V20 is in % or cc, not in Gy"),
        ("D95>57%", "D95 is in Gy, not in %"),
        ("D95>5700cGy", "write it as"),
        ("long: V20<35%", "no structure 'long'; did you mean 'lung'"),
        ("W20<35%", "'W20': is no dose or volume"),
        ("V20<350%", "350 % is more than all of it; write it as"),
        ("lung", "write it as"),
        ("", "write it as"),
    ],
)
def test_another_constraint_is_refused_with_the_forms(text, words):
    with pytest.raises(DataError, match=words):
        parse_constraint(text, STRUCTURES)
