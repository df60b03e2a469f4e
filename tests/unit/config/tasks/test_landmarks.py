"""Landmark regression: what a configuration of it must hold."""

import pytest

from tests.conftest import task_settings
from tfuq.config.tasks import landmarks

ONE = {"landmarks": ["tip"], "layout": "landmark-table", "table": "points.csv"}


@pytest.mark.parametrize(
    ("section", "change", "words"),
    [
        ("data", {"pixel_mm": 0.5}, "set data.annotations.pixel_mm"),
        ("network", {"heteroscedastic": True, "noise_draws": 5}, "position's variance needs no"),
        (
            "training",
            {"loss": {"name": "cross-entropy"}},
            "takes heatmap-cross-entropy, heatmap-mse",
        ),
        ("network", {"name": "lenet", "upsample_dropout": 0.0}, "'lenet' does not serve task"),
        ("data", {"landmarks": []}, "needs data.landmarks: the names of 1 or more"),
    ],
)
def test_what_does_not_serve_landmarks_is_refused(section, change, words):
    with pytest.raises(ValueError, match=words):
        task_settings("landmarks", "nowhere", **{section: change})


def test_every_landmark_is_a_part():
    config = task_settings("landmarks", "nowhere", data=ONE)
    assert list(landmarks.TASKS["landmarks"].parts(config)) == ["tip"]
