"""A run for the doctor to look at."""

import pytest

from tests.support.made import make_run
from tfuq.data.writers import write_json


@pytest.fixture
def run(own_balls, tmp_path):
    """A run on data to damage, without members: two cases to train on, one to validate, three to test."""
    made = make_run(tmp_path / "run", "segmentation", own_balls)
    ids = made.split["test"]
    write_json(
        made.path / "splits.json", {"train": ids[:2], "validation": ids[2:3], "test": ids[3:]}
    )
    return made
