"""Segmentation: how it is measured at a severity."""

from __future__ import annotations

from tfuq.config import Config
from tfuq.data.volume import require_affine
from tfuq.workflows.shift.tasks.base import SHIFTS, Arrays, ShiftTask
from tfuq.workflows.shift.volumes import VolumeMeasurer


def _check(arrays: Arrays, config: Config) -> None:
    if arrays["axis"].shape or arrays["axis"] not in (0, 1, 2):
        raise ValueError("its axis is none")
    require_affine(arrays["affine"])
    shape = arrays["image"].shape
    misshapen = _first_misshapen(arrays, shape)
    if len(shape) != 2 or misshapen is not None:
        raise ValueError(f"'{misshapen or 'image':.80}' is no plane of the image")


def _first_misshapen(arrays: Arrays, shape: tuple[int, ...]) -> str | None:
    for name in ("image", "truth", "label", *arrays):
        if name not in ("axis", "affine") and arrays[name].shape != shape:
            return name
    return None


SHIFTS.register("segmentation")(ShiftTask(measurer=VolumeMeasurer, check_example=_check))
