"""What is said of a measure: its bounds, its sign, the unit at its scale."""

import dataclasses
import math

import numpy as np
import pytest

from tfuq.measures.measure import Measure

SHARE = Measure(
    name="agreement",
    symbol="a",
    title="agreement",
    unit="1",
    levels=("image",),
    low=lambda classes: 1 / classes,
    high=1.0,
    orientation="more certain",
    share_of="share of samples",
)
VALUES = np.array([0.25, 1.0])


def test_a_bound_may_depend_on_the_number_of_classes():
    assert SHARE.bounds(4) == (0.25, 1.0)


def test_a_bound_that_is_not_there_is_infinite():
    assert dataclasses.replace(SHARE, low=None, high=None).bounds(2) == (-math.inf, math.inf)


def test_of_a_certainty_the_uncertainty_is_the_negative():
    assert SHARE.uncertainty(VALUES).tolist() == [-0.25, -1.0]
    assert SHARE.confidence(VALUES).tolist() == [0.25, 1.0]


@pytest.mark.parametrize("orientation", ["less certain", None])
def test_of_an_uncertainty_the_confidence_is_the_negative(orientation):
    measure = dataclasses.replace(SHARE, orientation=orientation)
    assert measure.uncertainty(VALUES).tolist() == [0.25, 1.0]
    assert measure.confidence(VALUES).tolist() == [-0.25, -1.0]


def test_a_scale_names_what_a_plain_number_is_a_share_of():
    assert SHARE.scale == "share of samples"
    assert dataclasses.replace(SHARE, unit="nat", share_of=None).scale == "nat"


def test_a_measure_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SHARE.unit = "nat"
