"""Configurations that are refused, as one line that names the key."""

import pytest

from tfuq import config
from tfuq.errors import ConfigError


def assert_config_refused(override: str, *words: str, source: str = "hippocampus") -> None:
    """Loading the shipped configuration with the override fails in one line with every word."""
    with pytest.raises(ConfigError) as error:
        config.load(source, (override,))
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message
