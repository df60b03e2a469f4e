"""What a study of shift is to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tfuq.data.perturbations import PERTURBATIONS, checked_channel
from tfuq.data.readers import stem
from tfuq.errors import ConfigError
from tfuq.runs import Run
from tfuq.scoring.shift import CLEAN


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a study of shift is to do.

    Attributes:
        perturbation: A name in `tfuq.data.perturbations.PERTURBATIONS`.
        severities: The severities in ascending order, in the unit of the perturbation.
        channel: The channel to perturb, from 0 on, of a perturbation that needs one.
        keeps_predictions: Whether predictions are written.
        head: The file of a head's CT, which is turned in place of the test split.
    """

    perturbation: str
    severities: tuple[float, ...]
    channel: int | None = None
    keeps_predictions: bool = False
    head: Path | None = None

    @property
    def name(self) -> str:
        """The name of the study's folder."""
        if self.head is not None:
            return f"{self.perturbation}-{stem(self.head)}"
        if self.channel is not None:
            return f"{self.perturbation}-{self.channel}"
        return self.perturbation

    @property
    def measured(self) -> list[float]:
        """The severities and that of the unperturbed cases, in ascending order."""
        return sorted({CLEAN, *self.severities})


def check(plan: Plan, run: Run) -> None:
    """Refuse what the run cannot serve.

    Raises:
        ConfigError: The perturbation serves another task; a channel is not there, not given or not
            taken; or a CT is given for anything but turning heads.
    """
    chosen = PERTURBATIONS[plan.perturbation]
    task = run.config.task
    if task not in chosen.tasks:
        raise ConfigError(
            f"perturbation {chosen.name}: serves {', '.join(chosen.tasks)}, "
            f"and {run.path} is a run of {task}; choose another"
        )
    if plan.head and (task, chosen.name) != ("landmarks", "rotation"):
        raise ConfigError(
            f"--head-ct {plan.head}: a head is turned by rotation for a run of landmarks, "
            f"not by {chosen.name} for one of {task}"
        )
    _check_channel(plan, run)


def _check_channel(plan: Plan, run: Run) -> None:
    chosen = PERTURBATIONS[plan.perturbation]
    if chosen.takes_channel and plan.channel is None:
        raise ConfigError(
            f"perturbation {chosen.name}: needs --channel, the number of the missing one from 0 on"
        )
    if plan.channel is None:
        return
    if not chosen.takes_channel:
        raise ConfigError(
            f"--channel {plan.channel}: perturbation {chosen.name} takes no channel; leave it out"
        )
    checked_channel(plan.channel, run.facts["channels"])
