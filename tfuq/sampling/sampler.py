"""The sampling graph: one ``tf.function`` that folds T samples into the reducers, one by one.

``tfuq predict`` runs it, and a SavedModel contains it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfuq.measures.reducers import PlacedReducer, Reducer
from tfuq.measures.reducers.base import SampleStatistics, Shape
from tfuq.sampling.encoded import PlacedWindows
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.windows import WindowedNetwork

States = tuple[Any, ...]  # of each reducer
View = Callable[[tf.Tensor], tf.Tensor]
Finish = Callable[[SampleStatistics], SampleStatistics]


@dataclass(frozen=True, kw_only=True)
class _Block:
    """The samples of one member.

    Attributes:
        member: index of the member.
        first: index of the block's first sample among all.
        samples: how many there are, int32 scalar.
        seed: of the prediction.
    """

    member: int
    first: tf.Tensor
    samples: tf.Tensor
    seed: tf.Tensor


class Sampler(tf.Module):
    """``(images [N, *S, C], seed [2], samples []) → statistics``, or what ``finish`` makes of them.

    The result is, to the bit, a function of the arguments and the weights. That of an image does
    not depend on N (see `tfuq.sampling.windows`).

    Who leads the loop over samples from outside the graph takes `begin_part`, `states`,
    ``updated(states, p, t)`` and ``finished(states, samples)``.
    """

    def __init__(
        self,
        posterior: Posterior,
        reducers: Sequence[Reducer],
        *,
        finish: Finish = lambda statistics: statistics,
    ) -> None:
        """Make the graph's function, `sample`.

        Args:
            posterior: the networks.
            reducers: what is gathered from the samples.
            finish: makes the result from the statistics.
        """
        super().__init__()
        self.posterior = posterior
        self.reducers = tuple(reducers)
        self._finish = finish
        self._members = list(posterior.members)  # tracked, so that a SavedModel has their variables
        self.sample = tf.function(
            self._sample,
            input_signature=self._signature(),
            autograph=False,
        )
        self.updated = tf.function(self._updated, reduce_retracing=True, autograph=False)
        self.finished = tf.function(self.statistics, reduce_retracing=True, autograph=False)

    def _signature(self) -> list[tf.TensorSpec]:
        image = self._members[0].model.inputs[0]
        *leading, channels = image.shape
        any_size = [None] * len(leading)
        return [
            tf.TensorSpec([*any_size, channels], tf.float32, "image"),
            tf.TensorSpec([2], tf.int32, "seed"),
            tf.TensorSpec([], tf.int32, "num_samples"),
        ]

    def _sample(self, images: tf.Tensor, seed: tf.Tensor, samples: tf.Tensor) -> SampleStatistics:
        network = self._members[0]
        shape = network.sample_shape(images)
        begin = [0] * len(shape)
        return self._folded(
            network.place(images),
            lambda blended: tf.slice(blended, begin, shape),
            shape,
            seed=seed,
            samples=samples,
        )

    def _folded(
        self,
        placed: PlacedWindows,
        view: View,
        shape: Shape,
        *,
        seed: tf.Tensor,
        samples: tf.Tensor,
    ) -> SampleStatistics:
        """The statistics of all samples of some images.

        Args:
            placed: the images' windows.
            view: makes what the reducers see of one sample of all windows.
            shape: of what they see.
            seed: of the prediction.
            samples: T, int32 scalar.
        """
        states = self._states(shape, samples)
        first = tf.constant(0)
        for member, network in enumerate(self._members):
            count = self.posterior.draws(member, samples)
            block = _Block(member=member, first=first, samples=count, seed=seed)
            states = self._fold(network, placed, view, block, states)
            first += count
        return self.statistics(states, samples)

    def begin_part(self, first: int) -> None:
        """Prepare the reducers for a part of a volume, see `PlacedReducer`."""
        for reducer in self.reducers:
            if isinstance(reducer, PlacedReducer):
                reducer.begin_part(first)

    def states(self, shape: Sequence[int], samples: int) -> States:
        """The reducers' states before the first sample.

        Args:
            shape: of one sample.
            samples: T.
        """
        sizes = [tf.constant(size) for size in shape[:-1]]
        return self._states([*sizes, shape[-1]], tf.constant(samples))

    def _states(self, shape: Shape, samples: tf.Tensor) -> States:
        return tuple(reducer.initialize(shape, samples) for reducer in self.reducers)

    def _updated(self, states: States, p: tf.Tensor, t: tf.Tensor) -> States:
        updated = []
        for reducer, state in zip(self.reducers, states, strict=True):
            updated.append(reducer.update(state, p, t))
        return tuple(updated)

    def statistics(self, states: States, samples: tf.Tensor) -> SampleStatistics:
        """What is made of the reducers' states.

        Args:
            states: after the last sample.
            samples: T, int32 scalar.
        """
        statistics: SampleStatistics = {}
        for reducer, state in zip(self.reducers, states, strict=True):
            statistics |= reducer.finalize(state, samples)
        return self._finish(statistics)

    def _fold(
        self,
        network: WindowedNetwork,
        placed: PlacedWindows,
        view: View,
        block: _Block,
        states: States,
    ) -> States:
        """Fold the samples of one member into the states, one by one."""
        context = network.encode_placed(placed)

        def step(index: tf.Tensor, states: States) -> tuple[tf.Tensor, States]:
            sample_seed = self.posterior.seed(block.seed, block.member, index)
            blended = network.blended(context, sample_seed, noise_seed=block.seed)
            return index + 1, self._updated(states, view(blended), block.first + index)

        _, states = tf.while_loop(
            lambda index, _: index < block.samples,
            step,
            (0, states),
            parallel_iterations=1,
        )
        return states
