"""A part of the configuration: strict, and never changed."""

import math

import pydantic
import pytest

from tfuq.config.section import (
    Count,
    FaultsError,
    Rate,
    Section,
    Seed,
    Sizes,
    Width,
    check_each,
)


class Part(Section):
    count: Count = 3
    rate: Rate = 0.0
    seed: Seed = 0
    sizes: Sizes = [4, 4]
    width: Width = 1.0


@pytest.mark.parametrize(
    "values",
    [
        {"other": 1},
        {"count": 0},
        {"count": 1_000_001},
        {"count": "3"},
        {"count": 3.0},
        {"count": True},
        {"rate": 1.0},
        {"rate": math.nan},
        {"seed": -1},
        {"seed": 2**31},
        {"sizes": [4]},
        {"sizes": [4, 4, 4, 4]},
        {"sizes": [4, 8193]},
        {"width": math.inf},
        {"width": 0.0},
    ],
    ids=str,
)
def test_values_out_of_bounds_and_of_another_type_are_refused(values):
    with pytest.raises(pydantic.ValidationError):
        Part(**values)


def test_the_ends_of_the_bounds_are_allowed():
    part = Part(count=1_000_000, rate=0.999, seed=2**31 - 1, sizes=[1, 8192, 1], width=1e-5)
    assert part.seed == 2**31 - 1


def test_values_never_change():
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        Part().count = 4


def test_a_value_that_is_given_as_the_default_is_the_default():
    assert Part(count=3).is_default("count")
    assert not Part(count=4).is_default("count")


def test_the_faults_of_all_checks_are_gathered():
    def fails(*messages):
        def check():
            raise FaultsError(list(messages))

        return check

    def fails_once():
        raise ValueError("third")

    with pytest.raises(FaultsError, match="first; second; third") as error:
        check_each(fails("first", "second"), lambda: None, fails_once)
    assert error.value.messages == ["first", "second", "third"]
    check_each(lambda: None)
