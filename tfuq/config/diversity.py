"""What each kind of ``ensemble.diversity`` asks of the rest of a configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfuq.config.ensemble import ANCHORED, FOLDS, JOINT, OVERRIDES, SEEDS, SNAPSHOTS
from tfuq.config.members import check_overrides
from tfuq.config.section import check_each

if TYPE_CHECKING:
    from tfuq.config.schema import Config

_POINT_METHODS = ("ensemble", "hybrid")
_NO_DISTRIBUTION = "heatmap-mse"


def check_diversity(config: Config) -> None:
    """Refuse a configuration that does not go with its kind of diversity.

    Raises:
        ValueError: It names the keys that do not agree.
    """
    kind = config.ensemble.diversity
    if kind == SEEDS:
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


def _check_snapshots(config: Config) -> None:
    check_each(
        lambda: _require_cycles(config),
        lambda: _require_whole_training(config),
        lambda: _require_inferred_widths(config),
    )


def _require_cycles(config: Config) -> None:
    """Refuse a training that does not end as many cycles as there are members."""
    training = config.training
    if not training.is_cyclical:
        raise ValueError(
            "ensemble.diversity snapshots keeps weights at the ends of cycles, and "
            f"training.schedule is {training.schedule}; set training.schedule: cyclical"
        )
    cycle = training.cycle.epochs
    if training.epochs % cycle or training.epochs < config.members * cycle:
        raise ValueError(
            f"ensemble.diversity snapshots has {config.members} members of {config.members} whole "
            f"cycles, and training.epochs is {training.epochs} with training.cycle.epochs {cycle}; "
            f"set training.epochs: {config.members * cycle}, or fewer members"
        )


def _require_whole_training(config: Config) -> None:
    if config.training.early_stopping_epochs:
        raise ValueError(
            "ensemble.diversity snapshots trains all cycles to their ends, and "
            "training.early_stopping_epochs ends before; leave it out"
        )


def _require_inferred_widths(config: Config) -> None:
    """Refuse members whose posterior widths were held to their end.

    Where there are too few cycles, the first member has no epoch, and `_require_cycles` says so.
    """
    training = config.training
    first = training.epochs - (config.members - 1) * training.cycle.epochs
    if 0 < first <= config.width_warmup_epochs:
        raise ValueError(
            f"variational.width_warmup_epochs {config.width_warmup_epochs} holds the widths of the "
            f"first snapshot, of epoch {first}; lower it"
        )


def _check_anchored(config: Config) -> None:
    check_each(
        lambda: _require_point_weights(config),
        lambda: _require_no_decay(config),
    )


def _check_joint(config: Config) -> None:
    check_each(
        lambda: _require_point_weights(config),
        lambda: _require_same_examples(config),
        lambda: _require_distributions(config),
    )


def _require_point_weights(config: Config) -> None:
    if config.method not in _POINT_METHODS:
        raise ValueError(
            f"ensemble.diversity {config.ensemble.diversity} serves methods with point weights, "
            f"and method {config.method} has a distribution of them; train ensemble or hybrid"
        )


def _require_no_decay(config: Config) -> None:
    if config.training.weight_decay:
        raise ValueError(
            "training.weight_decay pulls weights to 0, and ensemble.diversity anchored to their "
            "anchors; remove training.weight_decay"
        )


def _require_same_examples(config: Config) -> None:
    ensemble = config.ensemble
    for key in ("subset", "adversarial_epsilon"):
        if not ensemble.is_default(key):
            raise ValueError(
                f"ensemble.{key} gives members examples of their own, and ensemble.diversity "
                f"{ensemble.diversity} trains all on the same batches; remove ensemble.{key}"
            )


def _require_distributions(config: Config) -> None:
    if config.training.loss.name == _NO_DISTRIBUTION:
        raise ValueError(
            f"ensemble.diversity {config.ensemble.diversity} compares probabilities, and heatmaps "
            f"of {_NO_DISTRIBUTION} are none; set training.loss.name: heatmap-cross-entropy"
        )


_CHECKS: dict[str, Callable[[Config], None]] = {
    FOLDS: _check_folds,
    ANCHORED: _check_anchored,
    **dict.fromkeys(JOINT, _check_joint),
    OVERRIDES: check_overrides,
    SNAPSHOTS: _check_snapshots,
}
