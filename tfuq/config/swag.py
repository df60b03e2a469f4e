"""The method swag in a configuration: a Gaussian over the weights that training passes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tfuq.config.ensemble import SNAPSHOTS
from tfuq.config.methods import SWAG
from tfuq.config.section import MemberCount, Rate, Section, check_each

if TYPE_CHECKING:
    from tfuq.config.schema import Config

FEWEST_ITERATES = 2


class SwagConfig(Section):
    """A Gaussian over the late weights of a training, of the method swag (Maddox et al. 2019).

    ``start``: the share of the epochs after which weights are taken. ``per_epoch``: how often in an
    epoch; once by the paper, whose trainings are of hundreds of epochs. ``rank``: how many of the
    last of them make the low-rank part of the covariance; fewer where fewer are taken.
    ``members``: Gaussians of trainings of their own (multi-SWAG, Wilson & Izmailov 2020).
    """

    start: Rate = 0.5
    per_epoch: Annotated[int, Field(ge=1, le=1000)] = 4
    rank: Annotated[int, Field(ge=2, le=100)] = 20
    members: MemberCount = 1


def first_epoch_taken(config: Config) -> int:
    """The number of the first epoch whose weights are taken, from 0 on."""
    return int(config.swag.start * config.training.epochs)


def iterates_taken(config: Config, steps: int | None = None) -> int:
    """How many times weights are taken.

    Args:
        config: The configuration.
        steps: Of an epoch; None for as many as are needed.
    """
    epochs = config.training.epochs - first_epoch_taken(config)
    per_epoch = config.swag.per_epoch
    if steps is not None:
        per_epoch = min(per_epoch, steps)
    return epochs * per_epoch


def deviations_held(config: Config) -> int:
    """Columns of the low-rank part of the covariance."""
    return min(config.swag.rank, iterates_taken(config))


def check_swag(config: Config) -> None:
    """Refuse what does not go with the method swag.

    Raises:
        ValueError: It names the key.
    """
    if config.method != SWAG:
        return
    check_each(
        lambda: _require_iterates(config),
        lambda: _require_network(config),
        lambda: _require_training(config),
    )


def _require_iterates(config: Config) -> None:
    taken = iterates_taken(config)
    if taken < FEWEST_ITERATES:
        raise ValueError(
            f"method swag takes weights {taken} time(s) by swag.start {config.swag.start} of "
            f"training.epochs {config.training.epochs} and swag.per_epoch "
            f"{config.swag.per_epoch}, and a Gaussian needs {FEWEST_ITERATES}; set swag.per_epoch "
            f"to {FEWEST_ITERATES} or more"
        )


def _require_network(config: Config) -> None:
    if config.network.normalization == "batch":
        raise ValueError(
            "network.normalization batch has the means and variances of the weights that were "
            "trained, and method swag samples other weights; set network.normalization: group"
        )
    if config.network.upsampling == "transposed":
        raise ValueError(
            "network.upsampling transposed has point weights, and method swag samples weights; "
            "set network.upsampling: nearest"
        )


def _require_training(config: Config) -> None:
    if config.training.ema is not None:
        raise ValueError(
            "training.ema averages weights before method swag takes them; set training.ema: null"
        )
    if config.training.early_stopping_epochs:
        raise ValueError(
            "training.early_stopping_epochs ends a training whose last epochs method swag takes; "
            "leave it out"
        )
    if config.ensemble.diversity == SNAPSHOTS:
        raise ValueError(
            "ensemble.diversity snapshots takes members of one training, and method swag a "
            "Gaussian of each; set ensemble.diversity: seeds"
        )
