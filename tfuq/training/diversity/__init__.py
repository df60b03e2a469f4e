"""Kinds of ``ensemble.diversity``: how the members of a run come to differ, a file for each way."""

from __future__ import annotations

from pathlib import Path

from tfuq.config import Config
from tfuq.config.registry import Registry
from tfuq.errors import ConfigError
from tfuq.training.diversity.base import Diversity, Training
from tfuq.training.diversity.joint import JOINT
from tfuq.training.diversity.single import SINGLE
from tfuq.training.diversity.snapshots import SNAPSHOTS
from tfuq.training.material import Material

__all__ = ["DIVERSITIES", "Diversity", "Training", "group_of", "group_training", "groups_of"]

DIVERSITIES: Registry[Diversity] = Registry("ensemble.diversity")
DIVERSITIES.register("seeds")(SINGLE)
DIVERSITIES.register("folds")(SINGLE)
DIVERSITIES.register("overrides")(SINGLE)
DIVERSITIES.register("snapshots")(SNAPSHOTS)
DIVERSITIES.register("anchored")(SINGLE)
DIVERSITIES.register("negative-correlation")(JOINT)
DIVERSITIES.register("repulsive")(JOINT)


def groups_of(config: Config) -> list[range]:
    """The members of a run, in groups that one training each gives."""
    return DIVERSITIES[config.ensemble.diversity].groups(config)


def group_of(config: Config, member: int) -> range:
    """The members that are trained together with a member, and it.

    Args:
        config: The configuration.
        member: The member's number, from 0 on.

    Raises:
        ConfigError: The run has no such member.
    """
    for group in groups_of(config):
        if member in group:
            return group
    raise ConfigError(f"member {member}: this configuration has members 0 to {config.members - 1}")


def group_training(config: Config, path: Path, members: range, material: Material) -> Training:
    """Make the training of a group, ready to run.

    Args:
        config: The configuration.
        path: The run's folder.
        members: The group, as of `groups_of`.
        material: What it is trained with.
    """
    return DIVERSITIES[config.ensemble.diversity].training(config, path, members, material)
