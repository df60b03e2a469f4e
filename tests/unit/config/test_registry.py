"""A table from names to the things that they mean."""

import pytest

from tfuq.config.registry import Registry
from tfuq.errors import ConfigError


@pytest.fixture
def sizes():
    registry = Registry("size")
    for name, value in (("small", 1), ("large", 3), ("medium", 2)):
        registry.register(name)(value)
    return registry


def test_entries_are_found_by_name_in_their_order(sizes):
    assert (sizes["medium"], len(sizes), list(sizes)) == (2, 3, ["small", "large", "medium"])
    assert "large" in sizes
    assert "huge" not in sizes


def test_register_decorates_without_a_change():
    registry = Registry("step")

    @registry.register("double")
    def double(x):
        return 2 * x

    assert registry["double"] is double
    assert double(4) == 8


@pytest.mark.parametrize(
    ("name", "hint"),
    [("smal", "did you mean 'small'"), ("x", "known: large, medium, small")],
)
def test_an_unknown_name_is_refused_with_the_nearest(sizes, name, hint):
    with pytest.raises(ConfigError, match=f"unknown size '{name}'; {hint}"):
        sizes[name]


def test_names_that_fulfil_a_condition_are_told_in_alphabetical_order(sizes):
    assert sizes.names_where(lambda value: value > 1) == "large and medium"
    assert sizes.names_where(lambda value: value > 3) == ""
