"""Landmark regression: what a configuration of it must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfuq.config.network import DENSE_NETWORKS
from tfuq.config.tasks.pictures import check_pictures
from tfuq.config.tasks.rules import TASKS, TaskRules

if TYPE_CHECKING:
    from tfuq.config.schema import Config


def _check(config: Config) -> None:
    if not config.network.is_default("noise_draws"):
        raise ValueError(
            "network.noise_draws serves logits of classes: remove it; "
            "a position's variance needs no draws"
        )
    check_pictures(config, pixel_mm_remedy="remove it, and set data.annotations.pixel_mm")


TASKS.register("landmarks")(
    TaskRules(
        losses=("heatmap-mse", "heatmap-cross-entropy"),
        networks=DENSE_NETWORKS,
        names="landmarks",
        fewest=1,
        quality="radial_error",
        score="radial_error_px",
        has_volumes=False,
        parts=lambda config: config.data.landmarks,
        check=_check,
    )
)
