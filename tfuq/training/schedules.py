"""Learning rates: what share of ``training.learning_rate`` a step has.

Each is a function of the step or of the history. So a resumed run goes on alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tfuq.config import TrainingConfig

_POWER = 0.9  # of the polynomial schedule, as in Isensee et al. 2021, nnU-Net


def step_share(training: TrainingConfig, step: int, steps_per_epoch: int) -> float:
    """The share of a step by the configured schedule.

    Args:
        training: The configuration.
        step: The step, from 0 on through all epochs.
        steps_per_epoch: Steps of an epoch.
    """
    if training.schedule == "cosine":
        epoch = step // steps_per_epoch
        return (1 + math.cos(math.pi * epoch / training.epochs)) / 2
    if training.schedule == "polynomial":
        left = 1 - step / (training.epochs * steps_per_epoch)
        return float(left**_POWER)
    if training.is_cyclical:
        cycle = training.cycle
        shape = _SHAPES[cycle.shape]
        return shape(step, cycle.epochs * steps_per_epoch, cycle.lowest, cycle.gamma)
    return 1.0


def triangular(step: int, cycle: float, lowest: float, gamma: float) -> float:
    """The share of a step that rises to 1 and falls again in every cycle.

    Args:
        step: The step, from 0 on.
        cycle: Steps of a cycle.
        lowest: The lowest share.
        gamma: Factor on the height above the lowest share, for each step. 1 is the policy
            "triangular", another factor is "exp_range".

    References:
        Smith 2017, Cyclical learning rates for training neural networks.
    """
    phase = step / cycle % 1.0
    height = 1.0 - abs(2.0 * phase - 1.0)
    return lowest + (1.0 - lowest) * height * gamma**step


def restarting(step: int, cycle: float, lowest: float, gamma: float) -> float:
    """The share of a step that begins with 1 in every cycle and falls as half a cosine.

    Args:
        step: The step, from 0 on.
        cycle: Steps of a cycle.
        lowest: The lowest share.
        gamma: As of `triangular`.

    References:
        Loshchilov & Hutter 2017, SGDR: stochastic gradient descent with warm restarts.
        Huang et al. 2017, Snapshot ensembles: train 1, get M for free, eq. 2.
    """
    phase = step / cycle % 1.0
    height = (1.0 + math.cos(math.pi * phase)) / 2
    return lowest + (1.0 - lowest) * height * gamma**step


_SHAPES = {"triangular": triangular, "cosine": restarting}


def plateau_share(values: Sequence[float], factor: float, patience: int) -> float:
    """The share after some epochs: ``factor`` for each ``patience`` epochs without a new best.

    Args:
        values: A figure of each epoch, of which less is better.
        factor: On the share.
        patience: Epochs.
    """
    best = math.inf
    waited = 0
    share = 1.0
    for value in values:
        waited += 1
        if value < best:
            best = value
            waited = 0
        if waited == patience:
            share *= factor
            waited = 0
    return share
