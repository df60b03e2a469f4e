"""What a kind of diversity tells training: which members one training gives, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import tf_keras

from tfuq.config import Config
from tfuq.data.events import Observer
from tfuq.training.material import Material


class Training(Protocol):
    """A training that gives one member of a run, or several."""

    @property
    def model(self) -> tf_keras.Model:
        """A network of those that are trained."""

    @property
    def steps(self) -> int:
        """Optimization steps of an epoch."""

    def run(self, observer: Observer) -> None:
        """Train to the end, on from where it was stopped.

        Each member's folder then has its weights and the mark that the member is done.

        Args:
            observer: Is notified of each step and each epoch.
        """

    def rehearse(self) -> dict[str, float]:
        """Take a few steps and validate twice; seconds as `MemberTraining.rehearse` has them."""


Groups = Callable[[Config], list[range]]
MakeTraining = Callable[[Config, Path, range, Material], Training]


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """How the members of a run come to differ.

    Attributes:
        groups: The members that each training gives; every member is in one group.
        training: Makes the training of a group: of the configuration, the run's folder, the
            group's members, and what they are trained with.
        is_joint: Whether the members of a group are trained at once. One process has to see them.
    """

    groups: Groups
    training: MakeTraining
    is_joint: bool = False
