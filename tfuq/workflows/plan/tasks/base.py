"""What a task gives to a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tfuq.config import Config
from tfuq.config.registry import Registry
from tfuq.workflows.plan.fingerprint import Fingerprint, Labels
from tfuq.workflows.plan.settings import Settings
from tfuq.workflows.plan.sizing import Limits, Size


@dataclass(frozen=True, kw_only=True)
class Planner:
    """How a task's configuration is planned.

    Attributes:
        labels: Reads the classes of voxels; None where a case has none.
        rank: Axes of what the network sees where nothing else is known.
        limits: The sizes of networks and patches, by the images.
        draft: The settings for a size, but for how long it trains.
    """

    labels: Labels | None
    rank: int
    limits: Callable[[Fingerprint], Limits]
    draft: Callable[[Config, Fingerprint, Size], Settings]


PLANNERS: Registry[Planner] = Registry("task of a plan")
