"""How the samples of a prediction become one probability of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from tfuq.config.methods import SWAG
from tfuq.config.tasks import TASKS

if TYPE_CHECKING:
    from tfuq.config.schema import Config

Combine = Literal["mean", "logits", "majority", "staple", "weighted"]
COMBINATIONS: tuple[Combine, ...] = get_args(Combine)
MEAN: Final = "mean"
LOGITS: Final = "logits"
MAJORITY: Final = "majority"
STAPLE: Final = "staple"
WEIGHTED: Final = "weighted"
_HARD = (MAJORITY, STAPLE)  # of labels, not of probabilities


def combination_problem(config: Config, combine: Combine) -> str | None:
    """Why a combination makes no sense of a configuration, in words; None where it does.

    Args:
        config: Of the run.
        combine: The combination.
    """
    rules = TASKS[config.task]
    if combine == MEAN:
        return None
    if rules.names != "classes":
        return f"combines probabilities of classes, and samples of {config.task} are positions"
    if combine == STAPLE and not rules.has_volumes:
        return "learns the errors of samples from the voxels of a case, and an image has one class"
    if combine != WEIGHTED:
        return None
    if config.members < 2:
        return f"weighs members by their validation, and method {config.method} trains one"
    if config.has_folds:
        return "compares members on the same validation cases, and each fold has its own"
    if config.method == SWAG:
        return f"weighs members by their validation, and method {SWAG} validates no Gaussian"
    return None


def needs_two_samples(combine: Combine) -> bool:
    """Whether a combination says nothing of a single sample."""
    return combine in _HARD
