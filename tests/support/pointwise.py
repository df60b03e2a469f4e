"""A network that looks at each voxel alone, so that what lies around a scan changes nothing within it."""

from __future__ import annotations

from types import SimpleNamespace

import tensorflow as tf

from tests.support.made import make_run
from tfuq.data.writers import write_json
from tfuq.runs import Run
from tfuq.sampling.posterior import Posterior


class PointwiseNetwork:
    """Stands where `tfuq.sampling.windows.WindowedNetwork` does.

    It takes padding, whose value is 0, for class 1, and is unsure of it. ``spread`` is how much
    samples differ. A binary sample has one channel, as that of a sigmoid output.
    """

    def __init__(self, rank: int, classes: int, spread: float, member: int):
        self.model = SimpleNamespace(inputs=[tf.TensorSpec([None] * (rank + 1) + [1])])
        self._classes, self._spread, self._member = classes, spread, member
        self.channels = 1 if classes == 2 else classes
        self.chunk = 1
        self.with_xla = False

    def place(self, images):
        return images

    def encode_placed(self, placed):
        return placed

    def sample_shape(self, images):
        return [*tf.unstack(tf.shape(images))[:-1], self.channels]

    def blended(self, context, seed, noise_seed=None):
        noise = self._spread * tf.random.stateless_normal([self._classes], seed)
        x = context[..., 0]
        logits = [
            tf.zeros_like(x),
            1.5 - 4 * tf.abs(x) + 0.2 * self._spread * self._member,
            3 * x - 4,
        ]
        p = tf.nn.softmax(tf.stack(logits[: self._classes], -1) + noise * (1 + x[..., None]))
        return p[..., 1:] if self._classes == 2 else p


def pointwise_run(path, root, monkeypatch, *, spread: float = 1.0, **changes) -> Run:
    """A run of the balls with two pointwise members; the last case is for validation, the others for testing.

    ``changes`` are those of `tests.conftest.settings`.
    """
    run = make_run(path, "segmentation", root, **changes)
    *test, validation = sorted(run.split["test"])
    write_json(path / "splits.json", {"train": [], "validation": [validation], "test": test})
    for member in range(2):
        write_json(run.member(member) / "done", {"digest": "ab" * 32})

    def load(run, method, **_):
        rank, classes = run.config.network.rank, len(run.config.data.classes)
        members = range(2 if method in ("ensemble", "hybrid") else 1)
        return Posterior([PointwiseNetwork(rank, classes, spread, member) for member in members])

    monkeypatch.setattr("tfuq.prediction.predictor.load_posterior", load)
    return run
