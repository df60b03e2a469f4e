"""What a report shows of a classification."""

from pathlib import Path

import numpy as np

from tests.conftest import task_settings
from tfuq.report.tasks import classification
from tfuq.report.tasks.base import REPORTS


def test_a_picture_at_rising_severity_names_the_classes_of_the_run():
    example = {"image": np.zeros((5, 5, 1)), "truth": np.array([3])}
    example |= {"probability": np.eye(10)[7], "votes": np.eye(10)[7]}
    config = task_settings("classification", Path("digits"), data={"classes": list("abcdefghij")})
    strips = dict(REPORTS["classification"].strips(config, {0.5: example}, {0.5: None}, "noise"))
    assert list(strips) == ["strip"]
    assert strips["strip"].axes[0].get_xlabel() == "h, truth d"
    assert REPORTS["classification"].view is classification.class_views
