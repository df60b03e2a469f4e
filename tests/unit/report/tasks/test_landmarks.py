"""What a report shows of landmarks."""

from pathlib import Path

import numpy as np

from tests.conftest import task_settings
from tfuq.report.tasks import landmarks
from tfuq.report.tasks.base import REPORTS


def test_a_picture_at_rising_severity_has_its_landmarks():
    example = {"image": np.zeros((5, 5, 1)), "points": np.array([[1.0, 2.0]])}
    example["found"] = np.zeros((3, 1, 2))
    config = task_settings("landmarks", Path("heads"), data={"landmarks": ["sella"]})
    strips = dict(REPORTS["landmarks"].strips(config, {0.5: example}, {0.5: None}, "noise"))
    assert list(strips) == ["strip"]
    truth, samples, _ = strips["strip"].axes[0].lines
    assert len(samples.get_xdata()) == 3
    assert truth.get_xydata().tolist() == [[1.0, 2.0]]
    assert REPORTS["landmarks"].view is landmarks.landmark_views
