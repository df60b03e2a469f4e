"""Severities as the command line has them."""

import math

import pytest

from tfuq.data.perturbations import PERTURBATIONS
from tfuq.data.perturbations.severities import parse_severities
from tfuq.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", [0.5]),
        ("1, 0,0.5,1", [0, 0.5, 1]),
        ("0:1:5", [0, 0.25, 0.5, 0.75, 1]),
        ("0:1:3,2", [0, 0.5, 1, 2]),
        ("0:1:4", [0, 0.333333, 0.666667, 1]),
        ("1:0:2,", [0, 1]),
        ("0.12345678", [0.123457]),
    ],
)
def test_severities_are_sorted_and_each_is_there_once(text, expected):
    assert parse_severities(text, PERTURBATIONS["noise"]) == expected


def test_there_is_no_negative_zero():
    (severity,) = parse_severities("-0", PERTURBATIONS["rotation"])
    assert math.copysign(1, severity) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        ("x", "'x' is not a number"),
        ("nan", "'nan' is not a number"),
        ("inf", "'inf' is not a number"),
        ("0:1", "neither a number nor START:STOP:COUNT"),
        ("0:1:2:3", "neither a number nor START:STOP:COUNT"),
        ("0:1:1", "count '1' is not a whole number from 2 to 1000"),
        ("0:1:2.5", "count '2.5'"),
        ("0:1:1001", "count '1001'"),
        ("-1", "severity -1 of noise: is not from 0 to 100"),
        ("0:101:3", "severity 101 of noise"),
    ],
)
def test_what_is_no_severity_is_refused(text, words):
    with pytest.raises(ConfigError, match=words):
        parse_severities(text, PERTURBATIONS["noise"])
