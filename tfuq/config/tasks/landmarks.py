"""Landmark regression: what a configuration of it must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfuq.config.network import DENSE_NETWORKS
from tfuq.config.section import check_each
from tfuq.config.tasks.pictures import check_pictures
from tfuq.config.tasks.rules import TASKS, TaskRules

if TYPE_CHECKING:
    from tfuq.config.schema import Config


def _check(config: Config) -> None:
    check_each(
        lambda: _check_noise(config),
        lambda: check_pictures(
            config, pixel_mm_remedy="remove it, and set data.annotations.pixel_mm"
        ),
    )


def _check_noise(config: Config) -> None:
    if not config.network.is_default("noise_draws"):
        raise ValueError(
            "network.noise_draws serves logits of classes: remove it; "
            "a position's variance needs no draws"
        )


TASKS.register("landmarks")(
    TaskRules(
        losses=("heatmap-cross-entropy", "heatmap-mse"),
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
