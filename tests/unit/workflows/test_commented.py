"""YAML with a comment where a value has a reason."""

from tfuq.config.text import read_yaml
from tfuq.workflows.commented import section_lines, sections_lines


def test_a_short_reason_stands_behind_its_value():
    assert section_lines({"epochs": 3}, {"epochs": "few"}) == ["  epochs: 3  # few"]


def test_a_long_reason_stands_above_in_lines_that_fit():
    lines = section_lines({"epochs": 3}, {"epochs": "word " * 40})
    assert lines[-1] == "  epochs: 3"
    assert len(lines) == 4
    assert all(line.startswith("  # word") and len(line) <= 100 for line in lines[:-1])


def test_sections_read_back_as_they_were():
    sections = {"network": {"widths": [8, 16]}, "empty": {}, "training": {"loss": {"name": "a: b"}}}
    lines = sections_lines(sections, {"training.loss": "why", "network.widths": "how wide"})
    assert lines[1].endswith("# how wide")
    tree = read_yaml("\n".join(lines), "text")
    assert tree == {"network": {"widths": [8, 16]}, "training": {"loss": {"name": "a: b"}}}
