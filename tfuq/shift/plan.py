"""What a study of shift is to do."""

from __future__ import annotations

from dataclasses import dataclass

from tfuq.data.perturbations import PERTURBATIONS, checked_channel
from tfuq.errors import ConfigError
from tfuq.runs import Run
from tfuq.scoring.shift import CLEAN


@dataclass(frozen=True)
class Plan:
    """A perturbation, its severities in ascending order, the ``channel`` of one that needs it, and whether predictions stay."""

    perturbation: str
    severities: tuple[float, ...]
    channel: int | None = None
    keeps_predictions: bool = False

    @property
    def name(self) -> str:
        """Of the study's folder."""
        return self.perturbation if self.channel is None else f"{self.perturbation}-{self.channel}"

    @property
    def measured(self) -> list[float]:
        """The severities with that of the unperturbed cases, which the others are told from."""
        return sorted({CLEAN, *self.severities})


def check(plan: Plan, run: Run) -> None:
    """Refuse what the run cannot serve.

    Raises:
        ConfigError: another task, or a channel that is not there, not given or not taken.
    """
    chosen, task = PERTURBATIONS[plan.perturbation], run.config.task
    if task not in chosen.tasks:
        raise ConfigError(
            f"perturbation {chosen.name}: serves {', '.join(chosen.tasks)}, and {run.path} is a run of {task}; choose another"
        )
    if chosen.takes_channel and plan.channel is None:
        raise ConfigError(f"perturbation {chosen.name}: needs --channel, the number of the missing one from 0 on")
    if not chosen.takes_channel and plan.channel is not None:
        raise ConfigError(f"--channel {plan.channel}: perturbation {chosen.name} takes no channel; leave it out")
    if chosen.takes_channel:
        checked_channel(plan.channel, run.facts["channels"])
