"""Learning rates: what share of ``training.learning_rate`` a step has. Each is a function of the step or of the history, so
that a resumed run goes on alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tfuq.config import TrainingConfig


def step_share(training: TrainingConfig, step: int, steps_per_epoch: int) -> float:
    """The share by the schedule of ``step``, counted from 0 through all epochs."""
    if training.schedule == "cosine":
        return (1 + math.cos(math.pi * (step // steps_per_epoch) / training.epochs)) / 2
    if training.is_cyclical:
        cycle = training.cycle
        return triangular(step, cycle.epochs * steps_per_epoch, cycle.lowest, cycle.gamma)
    return 1.0


def triangular(step: int, cycle: float, lowest: float, gamma: float) -> float:
    """Up from ``lowest`` to 1 and down again in ``cycle`` steps; the height above ``lowest`` times ``gamma`` a step.

    With ``gamma`` 1 the policy "triangular" of Smith 2017, else its "exp_range".
    """
    place = step / cycle % 1.0
    return lowest + (1.0 - lowest) * (1.0 - abs(2.0 * place - 1.0)) * gamma**step


def plateau_share(values: Sequence[float], factor: float, patience: int) -> float:
    """The share after epochs of these values, of which less is better: ``factor`` for each ``patience`` epochs without a new best."""
    best, waited, share = math.inf, 0, 1.0
    for value in values:
        waited = 0 if value < best else waited + 1
        best = min(best, value)
        if waited == patience:
            waited, share = 0, share * factor
    return share
