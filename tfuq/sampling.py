"""The sampling graph: one ``tf.function`` that draws T samples and folds each into the reducers.

It is what ``tfuq predict`` runs and what a SavedModel contains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfuq.posterior import Posterior
from tfuq.reducers import Reducer

Statistics = dict[str, tf.Tensor]


class Sampler(tf.Module):
    """``(images [N, *S, C], seed [2], samples []) → statistics`` (or what ``finish`` makes of them).

    Bit-for-bit a function of its arguments and the weights; an image's result does not depend on N (see `tfuq.windows`).
    """

    def __init__(
        self,
        posterior: Posterior,
        reducers: Sequence[Reducer],
        *,
        finish: Callable[[Statistics], Statistics] = lambda statistics: statistics,
    ):
        super().__init__()
        self.posterior, self.reducers, self._finish = posterior, tuple(reducers), finish
        self._members = list(posterior.members)  # tracked, so that a SavedModel holds their variables
        image = self._members[0].model.inputs[0]
        spec = tf.TensorSpec([None] * len(image.shape[:-1]) + [image.shape[-1]], tf.float32, "image")
        self.sample = tf.function(
            self._sample,
            input_signature=[spec, tf.TensorSpec([2], tf.int32, "seed"), tf.TensorSpec([], tf.int32, "num_samples")],
        )

    def _sample(self, images, seed, samples):
        shape = self._members[0].sample_shape(images)
        states = tuple(reducer.initialize(shape, samples) for reducer in self.reducers)
        first = tf.constant(0)
        for member, network in enumerate(self._members):
            draws = self.posterior.draws(member, samples)
            states = self._fold(network, images, fold=(seed, member, first, draws), states=states)
            first += draws
        statistics: Statistics = {}
        for reducer, state in zip(self.reducers, states, strict=True):
            statistics |= reducer.finalize(state, samples)
        return self._finish(statistics)

    def _fold(self, network, images, *, fold, states):
        """Draw a member's samples, folding each into the states."""
        seed, member, first, draws = fold
        context = network.encode(images)

        def step(draw, states):
            p = network.sample(images, context, self.posterior.seed(seed, member, draw), noise_seed=seed)
            updated = tuple(r.update(s, p, first + draw) for r, s in zip(self.reducers, states, strict=True))
            return draw + 1, updated

        _, states = tf.while_loop(lambda draw, _: draw < draws, step, (0, states), parallel_iterations=1)
        return states
