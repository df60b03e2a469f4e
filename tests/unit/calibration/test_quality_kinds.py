"""What is good or bad of a case, and how it is named."""

import pytest

from tfuq.calibration.quality_kinds import DICE, RADIAL_ERROR, WRONG_CLASS, is_bad, parse_quality
from tfuq.errors import DataError


def test_what_is_bad():
    assert is_bad(0.79, DICE, 0.8)
    assert not is_bad(0.8, DICE, 0.8)
    assert is_bad(4.0, RADIAL_ERROR, 4.0)
    assert not is_bad(3.9, RADIAL_ERROR, 4.0)
    assert is_bad(1.0, WRONG_CLASS, 0.5)


def test_qualities_that_are_named():
    assert parse_quality("dice:0.7", DICE, 0.8) == (0.7, "mean")
    assert parse_quality("worst-dice", DICE, 0.8) == (0.8, "worst")
    assert parse_quality(None, DICE, 0.8) == (0.8, "mean")
    assert parse_quality("worst-radial-error:2", RADIAL_ERROR, None) == (2.0, "worst")
    assert parse_quality("wrong-class", WRONG_CLASS, 0.5) == (0.5, "mean")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("dice:1.2", DICE),
        ("dice:0", DICE),
        ("dice:nan", DICE),
        ("dice:half", DICE),
        ("hd95:3", DICE),
        ("radial-error:4", DICE),
        ("radial-error:inf", RADIAL_ERROR),
        ("wrong-class:0.3", WRONG_CLASS),
        ("", DICE),
    ],
)
def test_qualities_that_are_refused(text, kind):
    with pytest.raises(DataError, match=f"--quality {text}"):
        parse_quality(text, kind, None)
