"""What a task takes of a configuration, and the table of tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfuq.config.registry import Registry

if TYPE_CHECKING:
    from tfuq.config.schema import Config

CROSS_ENTROPIES = ("cross-entropy", "weighted-cross-entropy")


@dataclass(frozen=True, kw_only=True)
class TaskRules:
    """What a task takes.

    Attributes:
        losses: names of its losses, the default first.
        networks: names of its networks, the default first.
        names: the list of names in ``data`` that it needs.
        fewest: the fewest entries of that list.
        quality: the figure of merit that ``training.monitor`` may name instead of the loss.
        score: the column of ``cases.csv`` that scores of the task have, and no others.
        has_volumes: whether a case is a volume on a grid of its own; otherwise it is a picture
            that is resized to the network's patch.
        parts: the names of the parts of a case that have scores of their own.
        names_cases: whether each case is named while it is read; where they come by the thousand,
            each part of the split is.
        check: raises ValueError where sections of a configuration do not agree.
    """

    losses: tuple[str, ...]
    networks: tuple[str, ...]
    names: str
    fewest: int
    quality: str
    score: str
    has_volumes: bool
    parts: Callable[[Config], Iterable[str]]
    check: Callable[[Config], None]
    names_cases: bool = True


TASKS: Registry[TaskRules] = Registry("task")
