"""Classification: what a configuration of it must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfuq.config.tasks.pictures import check_pictures
from tfuq.config.tasks.rules import CROSS_ENTROPIES, TASKS, TaskRules

if TYPE_CHECKING:
    from tfuq.config.schema import Config


def _check(config: Config) -> None:
    check_pictures(config, pixel_mm_remedy="remove it, as classes have no lengths")


TASKS.register("classification")(
    TaskRules(
        losses=CROSS_ENTROPIES,
        networks=("lenet", "resnet"),
        names="classes",
        fewest=2,
        quality="accuracy",
        score="accuracy",
        has_volumes=False,
        parts=lambda config: (),
        check=_check,
        names_cases=False,
    )
)
