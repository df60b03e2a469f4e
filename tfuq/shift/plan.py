"""What a study of shift is to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tfuq.data.perturbations import PERTURBATIONS, checked_channel
from tfuq.data.readers import stem
from tfuq.errors import ConfigError
from tfuq.runs import Run
from tfuq.scoring.shift import CLEAN


@dataclass(frozen=True)
class Plan:
    """A perturbation, its severities in ascending order, the ``channel`` of one that needs it, whether predictions stay, and the
    file of a head's CT that is turned in place of the test split."""

    perturbation: str
    severities: tuple[float, ...]
    channel: int | None = None
    keeps_predictions: bool = False
    head: Path | None = None

    @property
    def name(self) -> str:
        """Of the study's folder."""
        further = self.channel if self.head is None else stem(self.head)
        return self.perturbation if further is None else f"{self.perturbation}-{further}"

    @property
    def measured(self) -> list[float]:
        """The severities with that of the unperturbed cases, which the others are told from."""
        return sorted({CLEAN, *self.severities})


def check(plan: Plan, run: Run) -> None:
    """Refuse what the run cannot serve.

    Raises:
        ConfigError: another task, a channel that is not there, not given or not taken, or a CT for anything but turning heads.
    """
    chosen, task = PERTURBATIONS[plan.perturbation], run.config.task
    if task not in chosen.tasks:
        raise ConfigError(
            f"perturbation {chosen.name}: serves {', '.join(chosen.tasks)}, and {run.path} is a run of {task}; choose another"
        )
    if plan.head and (task, chosen.name) != ("landmarks", "rotation"):
        raise ConfigError(
            f"--head-ct {plan.head}: a head is turned by rotation for a run of landmarks, not by {chosen.name} for one of {task}"
        )
    if chosen.takes_channel and plan.channel is None:
        raise ConfigError(f"perturbation {chosen.name}: needs --channel, the number of the missing one from 0 on")
    if not chosen.takes_channel and plan.channel is not None:
        raise ConfigError(f"--channel {plan.channel}: perturbation {chosen.name} takes no channel; leave it out")
    if chosen.takes_channel:
        checked_channel(plan.channel, run.facts["channels"])
