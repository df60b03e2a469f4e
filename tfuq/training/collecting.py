"""What a training gathers of its weights on the way, beside those that it ends with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tfuq.networks.weights import Arrays
from tfuq.training.progress import Progress


class Collector:
    """Gathers nothing; kinds that gather something add to it.

    What it holds is part of a training's state, so that a resumed training goes on alike.
    """

    def after_step(self, step: int, steps: int, weights: Callable[[], Arrays]) -> None:
        """Take notice of a step.

        Args:
            step: Its number, from 0 on through all epochs.
            steps: Of an epoch.
            weights: Reads the weights after it.
        """

    def after_epoch(self, progress: Progress, weights: Arrays) -> None:
        """Take notice of an epoch.

        Args:
            progress: How far the training has come with it.
            weights: Those after it.
        """

    def arrays(self) -> Arrays:
        """What it holds, by name."""
        return {}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take up what it held."""

    def result(self, weights: Arrays) -> Arrays:
        """What a training that has ended leaves, of the weights that it ends with."""
        return weights


NOTHING = Collector()
