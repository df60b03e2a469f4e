"""Members that are trained one by one."""

from __future__ import annotations

from pathlib import Path

from tfuq.config import Config
from tfuq.training.diversity.base import Diversity, Training
from tfuq.training.material import Material, member_training


def one_each(config: Config) -> list[range]:
    """A group for each member."""
    return [range(member, member + 1) for member in range(config.members)]


def single_training(config: Config, path: Path, members: range, material: Material) -> Training:
    """The training of the one member of a group.

    Args:
        config: The configuration.
        path: The run's folder.
        members: The group.
        material: What it is trained with.
    """
    (member,) = members
    return member_training(config, path / "members" / str(member), member, material)


# Seeds, folds and overrides: what differs are the examples and the configuration of a member.
# Anchored: `tfuq.training.anchors` has what differs.
SINGLE = Diversity(groups=one_each, training=single_training)
