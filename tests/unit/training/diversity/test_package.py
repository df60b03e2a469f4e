"""The groups of members that are trained together."""

import pytest

from tests.conftest import settings
from tfuq.errors import ConfigError
from tfuq.training.diversity import group_of, groups_of


def test_a_member_is_in_its_group(tmp_path):
    config = settings(tmp_path, "hybrid", ensemble={"members": 3})
    assert groups_of(config) == [range(0, 1), range(1, 2), range(2, 3)]
    assert group_of(config, 2) == range(2, 3)
    with pytest.raises(ConfigError, match="members 0 to 2"):
        group_of(config, 3)
