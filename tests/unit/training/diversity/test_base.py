"""A kind of diversity as the table of kinds has it."""

from typing import get_args

from tests.conftest import settings
from tfuq.config.ensemble import Diversity as Names
from tfuq.training.diversity import DIVERSITIES
from tfuq.training.diversity.base import Diversity


def test_every_name_has_its_kind():
    assert set(DIVERSITIES) == set(get_args(Names))
    assert all(isinstance(DIVERSITIES[name], Diversity) for name in DIVERSITIES)


def test_every_member_is_in_one_group(tmp_path):
    config = settings(tmp_path, "hybrid", ensemble={"members": 6})
    for name in DIVERSITIES:
        members = [member for group in DIVERSITIES[name].groups(config) for member in group]
        assert members == list(range(6)), name
