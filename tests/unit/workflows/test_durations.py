"""Durations as people write them."""

import pytest

from tfuq.errors import ConfigError
from tfuq.workflows.durations import duration_text, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("2h", 7200), ("1h30m", 5400), (" 20 min ", 1200), ("0.5H", 1800), ("1d", 86400)],
)
def test_a_duration_is_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "0s", "-1h", "2 weeks", "1h and more", "h"])
def test_what_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="write one such as 30min, 2h or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize(("seconds", "text"), [(90, "90 s"), (600, "10 min"), (9000, "2.5 h")])
def test_a_duration_is_written_as_it_is_read(seconds, text):
    assert duration_text(seconds) == text
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (119.4, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2.0 h")],
)
def test_durations_are_rounded_to_what_is_known(seconds, text):
    assert duration_text(seconds) == text
