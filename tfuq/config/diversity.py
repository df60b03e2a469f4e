"""What each kind of ``ensemble.diversity`` asks of the rest of a configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfuq.config.ensemble import FOLDS
from tfuq.config.section import check_each

if TYPE_CHECKING:
    from tfuq.config.schema import Config

_SEEDS = "seeds"


def check_diversity(config: Config) -> None:
    """Refuse a configuration that does not go with its kind of diversity.

    Raises:
        ValueError: It names the keys that do not agree.
    """
    kind = config.ensemble.diversity
    if kind == _SEEDS:
        return
    check_each(lambda: _require_members(config), lambda: _CHECKS[kind](config))


def _require_members(config: Config) -> None:
    if config.members < 2:
        raise ValueError(
            f"ensemble.diversity {config.ensemble.diversity} needs two members or more, and "
            f"method {config.method} has {config.members}; train ensemble, hybrid, or vi with "
            "variational.members"
        )


def _check_folds(config: Config) -> None:
    check_each(lambda: _require_all_folds(config), lambda: _require_unseen_folds(config))


def _require_all_folds(config: Config) -> None:
    if config.data.split.fold is not None:
        raise ValueError(
            "data.split.fold takes one fold, and ensemble.diversity folds takes them all; leave "
            "out one of both"
        )


def _require_unseen_folds(config: Config) -> None:
    training = config.training
    if training.early_stopping_epochs or training.has_plateaus:
        raise ValueError(
            "ensemble.diversity folds keeps each fold unseen, and training.early_stopping_epochs "
            "and the schedule plateau follow its scores; leave them out"
        )


_CHECKS: dict[str, Callable[[Config], None]] = {FOLDS: _check_folds}
