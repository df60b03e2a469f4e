"""What the tasks of pictures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfuq.config.schema import Config

_VOLUME_STEPS = (
    "orientation",
    "crop_to_labels",
    "outside_labels",
    "crop_margin",
    "spacing",
    "size",
    "slice_axis",
    "min_slice_area",
)


def check_pictures(config: Config, *, pixel_mm_remedy: str) -> None:
    """Check what a task of pictures needs.

    Args:
        config: the configuration.
        pixel_mm_remedy: what to do about ``data.pixel_mm``.

    Raises:
        ValueError: a key is one of volumes.
    """
    task = config.task
    if config.data.pixel_mm is not None:
        raise ValueError(
            f"data.pixel_mm serves segmentation alone, and task is {task}: {pixel_mm_remedy}"
        )
    if config.data.regions:
        raise ValueError(f"data.regions serves segmentation alone, and task is {task}: remove it")
    if config.data.ignore_label is not None:
        raise ValueError(
            f"data.ignore_label serves segmentation alone, and task is {task}: remove it"
        )
    if config.network.rank != 2:
        raise ValueError(
            f"task {task} takes 2D images, but network.patch_size has {config.network.rank} "
            "entries; give two, as in [64, 64]"
        )
    for key in _VOLUME_STEPS:
        if not config.preprocessing.is_default(key):
            raise ValueError(
                f"preprocessing.{key} serves segmentation alone: remove it; images of task "
                f"{task} are resized to network.patch_size"
            )
