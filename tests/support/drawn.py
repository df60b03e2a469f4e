"""Predictors without a network: what they draw is given, so that what is made of it can be held against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.support.made import make_run
from tests.support.replies import SAMPLES, true_reply
from tfuq.data.writers import write_json
from tfuq.prediction import Predictor, Request, make_predictor
from tfuq.runs import Run

Draw = Callable[[np.ndarray, int], dict[str, np.ndarray]]


class GivenSamples:
    """In the place of a sampler: its statistics are those of a function of images and T; it notes what it was asked."""

    def __init__(self, draw: Draw):
        self._draw = draw
        self.asked = []

    def sample(self, images, seed, samples):
        self.asked.append((np.shape(images), np.asarray(seed).tolist(), int(samples)))
        return self._draw(np.asarray(images), int(samples))


def make_finished_run(path: Path, task: str, root: Path, **changes) -> Run:
    """A run whose members have digests, and no weights."""
    run = make_run(path, task, root, **changes)
    for member in range(run.config.members):
        write_json(run.member(member) / "done", {"digest": f"{member:064x}"})
    return run


def make_given_predictor(
    run: Run, draw: Draw | None = None, method: str = "mc-dropout", **asked
) -> Predictor:
    """A predictor of the run that draws what a network of chance would, or what is given."""
    drawn = draw or (lambda images, _: true_reply(run.config, images.shape))
    wanted = {"samples": SAMPLES, "seed": 5, "batch": 4} | asked
    return make_predictor(run, Request(method=method, **wanted), sampler=GivenSamples(drawn))
