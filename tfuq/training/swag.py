"""The Gaussian of the method swag, from the weights that a training passes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tfuq.config import Config
from tfuq.config.swag import (
    FEWEST_ITERATES,
    SWAG,
    deviations_held,
    first_epoch_taken,
    iterates_taken,
)
from tfuq.errors import ConfigError
from tfuq.networks.layers.swag import DEVIATIONS, SCALE
from tfuq.networks.weights import Arrays
from tfuq.training.collecting import Collector

_RANDOM = ("/kernel", "/bias")  # others, such as those of normalizations, are at their means
_COUNT = "count"


def require_iterates(config: Config, steps: int) -> None:
    """Refuse a training of too few steps.

    Args:
        config: Of the member.
        steps: Of an epoch.

    Raises:
        ConfigError: Its last epochs have fewer steps than a Gaussian needs.
    """
    if config.method == SWAG and iterates_taken(config, steps) < FEWEST_ITERATES:
        raise ConfigError(
            f"method swag takes weights after at least {FEWEST_ITERATES} steps, and "
            f"training.epochs {config.training.epochs} of {steps} step(s) have fewer after "
            f"swag.start {config.swag.start}; raise training.epochs"
        )


class LateWeights(Collector):
    """Running mean and variance of the weights, and the last deviations from the mean.

    Each time weights θ are taken, their mean θ̄ and the sums of squared deviations are updated, and
    θ − θ̄ becomes a column of D. With n times and the last K columns the Gaussian is

        N(θ̄, ½ Σ_diag + D Dᵀ / (2 (K − 1))),  Σ_diag = mean(θ²) − θ̄².

    References:
        Maddox et al. 2019, A simple baseline for Bayesian uncertainty in deep learning, alg. 1.
    """

    def __init__(self, config: Config) -> None:
        """Take nothing yet.

        Args:
            config: Of the member.
        """
        self._first_epoch = first_epoch_taken(config)
        self._per_epoch = config.swag.per_epoch
        self._columns = deviations_held(config)
        self._count = 0
        self._means: Arrays = {}
        self._squares: Arrays = {}  # sums of squared deviations from the mean
        self._deviations: list[Arrays] = []  # the last ones, oldest first

    def after_step(self, step: int, steps: int, weights: Callable[[], Arrays]) -> None:
        """Take the weights, where it is their turn."""
        epoch, place = divmod(step, steps)
        before = place * self._per_epoch // steps
        after = (place + 1) * self._per_epoch // steps
        if epoch >= self._first_epoch and after > before:
            self._take(weights())

    def _take(self, weights: Mapping[str, np.ndarray]) -> None:
        self._count += 1
        deviations: Arrays = {}
        for name, array in weights.items():
            value = array.astype(np.float64)
            mean = self._means.get(name, np.zeros_like(value))
            updated = mean + (value - mean) / self._count
            squares = self._squares.get(name, np.zeros_like(value))
            self._squares[name] = squares + (value - mean) * (value - updated)
            self._means[name] = updated
            deviations[name] = (value - updated).astype(np.float32)  # there are many of them
        self._deviations = [*self._deviations, deviations][-self._columns :]

    def arrays(self) -> Arrays:
        """Count, means, squares and deviations."""
        arrays: Arrays = {_COUNT: np.array(self._count)}
        for name, mean in self._means.items():
            arrays[f"means/{name}"] = mean
            arrays[f"squares/{name}"] = self._squares[name]
            columns = [column[name] for column in self._deviations]
            arrays[f"deviations/{name}"] = np.stack(columns)
        return arrays

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take up what `arrays` gave."""
        self._count = int(arrays[_COUNT])
        stacked: Arrays = {}
        for name, array in arrays.items():
            kind, _, variable = name.partition("/")
            if kind == "means":
                self._means[variable] = array
            elif kind == "squares":
                self._squares[variable] = array
            elif kind == "deviations":
                stacked[variable] = array
        columns = min(self._count, self._columns)
        self._deviations = []
        for column in range(columns):
            self._deviations.append({name: stack[column] for name, stack in stacked.items()})

    def result(self, weights: Arrays) -> Arrays:
        """The Gaussian, as the layers of `tfuq.networks.layers.swag` have it."""
        gaussian: Arrays = {}
        for name in weights:
            gaussian[name] = self._means[name].astype(np.float32)
            if name.endswith(_RANDOM):
                variance = self._squares[name] / self._count / 2
                gaussian[f"{name}{SCALE}"] = np.sqrt(variance).astype(np.float32)
                gaussian[f"{name}{DEVIATIONS}"] = self._low_rank(name).astype(np.float32)
        return gaussian

    def _low_rank(self, name: str) -> np.ndarray:
        """D / √(2 (K − 1)), ``[K, …]``; zeros for columns that are not there."""
        columns = np.stack([column[name] for column in self._deviations])
        missing = self._columns - len(columns)
        factor = np.sqrt(2 * max(len(columns) - 1, 1))
        return np.pad(columns / factor, [(0, missing)] + [(0, 0)] * (columns.ndim - 1))
