"""Means of the losses over the steps of an epoch, read without waiting for the device."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

import tensorflow as tf

Figures = dict[str, float]


class RunningMeans:
    """Means of figures over the steps so far.

    A GPU computes a step while the program goes on. To read a figure is to wait for it. So a
    step's figures are read when some later steps are on their way.
    """

    def __init__(self, steps_ahead: int, told: Callable[[int, Figures], None]) -> None:
        """Begin an epoch.

        Args:
            steps_ahead: Steps that may be on their way when a step's figures are read.
            told: Is called with each step, in order, and the means up to it.
        """
        self._steps_ahead = steps_ahead
        self._told = told
        self._unread: deque[Mapping[str, tf.Tensor]] = deque()
        self._sums: Figures = {}
        self._steps = 0

    def add(self, figures: Mapping[str, tf.Tensor]) -> None:
        """Take the figures of a step."""
        self._unread.append(figures)
        if len(self._unread) > self._steps_ahead:
            self._read_next()

    def finish(self) -> Figures:
        """Read what is unread; the means over all steps."""
        while self._unread:
            self._read_next()
        return self._means()

    def _read_next(self) -> None:
        for name, value in self._unread.popleft().items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)
        self._steps += 1
        self._told(self._steps - 1, self._means())

    def _means(self) -> Figures:
        return {name: value / self._steps for name, value in self._sums.items()}
