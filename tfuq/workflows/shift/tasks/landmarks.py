"""Landmark regression: how it is measured at a severity."""

from __future__ import annotations

from tfuq.config import Config
from tfuq.workflows.shift.heads import HeadMeasurer
from tfuq.workflows.shift.landmarks import LandmarkMeasurer
from tfuq.workflows.shift.tasks.base import SHIFTS, Arrays, ShiftTask


def _check(arrays: Arrays, config: Config) -> None:
    landmarks = len(config.data.landmarks)
    if arrays["image"].ndim != 3 or arrays["points"].shape != (landmarks, 2):
        raise ValueError(f"no image with {landmarks} landmarks")
    if arrays["found"].ndim != 3 or arrays["found"].shape[1:] != (landmarks, 2):
        raise ValueError(f"no samples of {landmarks} landmarks")


SHIFTS.register("landmarks")(
    ShiftTask(
        measurer=LandmarkMeasurer,
        check_example=_check,
        head_measurer=HeadMeasurer,
    )
)
