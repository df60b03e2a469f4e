"""What the tasks of pictures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfuq.config.section import FaultsError, check_each

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
    check_each(
        lambda: _check_data(config, pixel_mm_remedy),
        lambda: _check_rank(config),
        lambda: _check_steps(config),
    )


def _check_data(config: Config, pixel_mm_remedy: str) -> None:
    data = config.data
    remedies = {"pixel_mm": pixel_mm_remedy}
    remedies |= dict.fromkeys(("regions", "ignore_label", "lesions"), "remove it")
    messages = []
    for key, remedy in remedies.items():
        if not data.is_default(key):
            messages.append(
                f"data.{key} serves segmentation alone, and task is {config.task}: {remedy}"
            )
    if messages:
        raise FaultsError(messages)


def _check_rank(config: Config) -> None:
    if config.network.rank != 2:
        raise ValueError(
            f"task {config.task} takes 2D images, but network.patch_size has "
            f"{config.network.rank} entries; give two, as in [64, 64]"
        )


def _check_steps(config: Config) -> None:
    given = [key for key in _VOLUME_STEPS if not config.preprocessing.is_default(key)]
    messages = []
    for key in given:
        messages.append(
            f"preprocessing.{key} serves segmentation alone: remove it; images of task "
            f"{config.task} are resized to network.patch_size"
        )
    if messages:
        raise FaultsError(messages)
