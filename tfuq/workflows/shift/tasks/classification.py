"""Classification: how it is measured at a severity."""

from __future__ import annotations

from tfuq.config import Config
from tfuq.workflows.shift.pictures import ClassMeasurer
from tfuq.workflows.shift.tasks.base import SHIFTS, Arrays, ShiftTask


def _check(arrays: Arrays, config: Config) -> None:
    classes = len(config.data.classes)
    has_values = arrays["probability"].shape == arrays["votes"].shape == (classes,)
    if arrays["image"].ndim != 3 or not has_values:
        raise ValueError(f"no image with probabilities of {classes} classes")
    if arrays["truth"].shape != (1,) or arrays["truth"][0] not in range(classes):
        raise ValueError("its truth is no class")


SHIFTS.register("classification")(ShiftTask(measurer=ClassMeasurer, check_example=_check))
