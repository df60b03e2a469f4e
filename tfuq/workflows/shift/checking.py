"""What a run can serve of a plan."""

from __future__ import annotations

from tfuq.data.perturbations import PERTURBATIONS, checked_channel
from tfuq.errors import ConfigError
from tfuq.runs import Run
from tfuq.workflows.shift.plan import Plan
from tfuq.workflows.shift.tasks import SHIFTS


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
    takes_heads = SHIFTS[task].head_measurer is not None and chosen.name == "rotation"
    if plan.head and not takes_heads:
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
