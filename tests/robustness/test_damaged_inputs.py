"""Whatever became of a file or a text: everything that reads it gives a result or one line, and changes its output alone.

`tests.robustness.campaign` does the same fifty thousand times.
"""

from __future__ import annotations

import pytest

from tests.robustness import campaign
from tests.robustness.fuzzing import fuzz
from tests.robustness.groups import GROUPS
from tfuq.data.budget import limit_memory

# Groups of readers, and how many inputs each reader gets.
_GIVEN = {
    "files and texts": 4,
    "data sets": 1,
    "results of segmentation": 1,
    "results of classification": 4,
    "results of landmarks": 2,
    "studies": 2,
    "replies": 15,
}
_LONG = ("data sets", "results of segmentation")


@pytest.fixture
def little_memory():
    """As with ``--memory``; this process may hold much already."""
    limit_memory("4GB")
    yield
    limit_memory(None)


@pytest.mark.parametrize(
    "group",
    [pytest.param(name, marks=[pytest.mark.slow] if name in _LONG else []) for name in _GIVEN],
)
def test_damaged_inputs_are_read_or_refused(group, tmp_path, little_memory):
    GROUPS[group].make(tmp_path / "made")
    for target in GROUPS[group].targets(tmp_path / "made"):
        target.require_sound()
        fuzz(target, _GIVEN[group])


@pytest.mark.slow
def test_fifty_thousand_damaged_inputs_are_read_or_refused():
    """A table of what each reader got is printed."""
    assert campaign.report(50_000, seed=0, jobs=2) == 0
