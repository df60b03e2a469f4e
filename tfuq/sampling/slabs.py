"""Samples of a volume that is too large for memory, part by part, with the bytes of the whole.

`tfuq.sampling.sampler.Sampler` holds what its reducers gather of the whole volume. Here the sums
of windows of every sample lie in a file. As soon as no later window touches a part of the volume,
the samples of the part are read one by one and reduced. So memory knows neither T, nor the classes,
nor the volume.

The bytes are those of the whole, because the chunks of windows are the same, sums have the same
order, and parts begin at multiples of `tfuq.sampling.window_plan.ALIGNMENT` voxels: a kernel may
compute the last voxels of a tensor by other instructions than the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq.measures.reducers.base import SampleStatistics
from tfuq.sampling.chunked import ChunkedNetwork, importance_of_window, plan_windows
from tfuq.sampling.empty import EmptyOfVolume, empty_of_volume
from tfuq.sampling.memory import memory_errors
from tfuq.sampling.sampler import Sampler, States
from tfuq.sampling.sums import SampleSums, sums_in
from tfuq.sampling.window_plan import ALIGNMENT, Place, WindowPlan

_FLOAT_BYTES = 4
_COPIES = 3  # of the reducers' states, while they are updated


@dataclass(frozen=True)
class StatisticsOfPart:
    """Statistics of some voxels that follow each other.

    Attributes:
        first: number of the first voxel.
        statistics: by name, ``[1, voxels, …]``; masks ``[1, T, K−1, ⌈voxels / 8⌉]``.
    """

    first: int
    statistics: SampleStatistics


@dataclass(frozen=True)
class _Draw:
    """A sample of the prediction.

    Attributes:
        index: among all T samples.
        seed: of the sample.
    """

    index: int
    seed: tf.Tensor


class SlabSampler:
    """Samples batches of images part by part."""

    def __init__(self, sampler: Sampler, *, part_bytes: int) -> None:
        """Prepare the networks.

        Args:
            sampler: has the networks and the reducers.
            part_bytes: the most memory that the statistics of a part may take.
        """
        self._sampler = sampler
        self._part_bytes = part_bytes

    @cached_property
    def _networks(self) -> list[ChunkedNetwork]:
        """The members' networks, led chunk by chunk; most cases need none."""
        return [ChunkedNetwork(network) for network in self._sampler.posterior.members]

    def file_bytes(self, shape: Sequence[int], samples: int) -> int:
        """The most bytes that the temporary files of a batch take.

        Args:
            shape: of the batch.
            samples: T.
        """
        network = self._sampler.posterior.members[0]
        plan = plan_windows(network, shape)
        planes, rows, columns = plan.mirrored_shape
        of_samples = samples * plan.planes_at_once * network.channels
        return (of_samples + planes) * rows * columns * _FLOAT_BYTES

    @property
    def window_bytes(self) -> int:
        """Bytes of a sample of one chunk of windows."""
        network = self._sampler.posterior.members[0]
        values: int = network.chunk * math.prod(network.patch) * network.channels
        return values * _FLOAT_BYTES

    @property
    def encoded_bytes(self) -> int:
        """Bytes of the encoding that is held in memory."""
        network = self._sampler.posterior.members[0]
        windows = max(network.keep, network.chunk)
        elements = 0
        for output in network.split.prefix.outputs:
            elements += int(math.prod(output.shape[1:]))
        return windows * elements * _FLOAT_BYTES

    def states(self, voxels: int, samples: int) -> States:
        """The reducers' states of some voxels, before the first of T samples."""
        channels = self._sampler.posterior.members[0].channels
        return self._sampler.states([1, voxels, channels], samples)

    def graph_bytes(self, voxels: int, samples: int) -> int:
        """About the memory that statistics of voxels take while samples are added to them.

        Args:
            voxels: a multiple of 64, or about one.
            samples: T.
        """
        channels = self._sampler.posterior.members[0].channels
        state_bytes = 0
        for tensor in tf.nest.flatten(self.states(ALIGNMENT, samples)):
            state_bytes += tensor.shape.num_elements() * tensor.dtype.size
        sample_bytes = ALIGNMENT * channels * _FLOAT_BYTES
        return _COPIES * (state_bytes + sample_bytes) * voxels // ALIGNMENT

    def _part_voxels(self, samples: int) -> int:
        """Voxels of a part, a multiple of the alignment."""
        vectors = self._part_bytes // self.graph_bytes(ALIGNMENT, samples)
        return max(vectors, 1) * ALIGNMENT

    def parts(
        self,
        images: np.ndarray,
        folder: Path,
        *,
        seed: tf.Tensor,
        samples: int,
    ) -> Iterator[StatisticsOfPart]:
        """Sample a batch.

        Args:
            images: ``[N, *S, C]``; N is 1 for volumes.
            folder: for temporary files.
            seed: of the prediction, int32 ``[2]``.
            samples: T.

        Yields:
            The statistics of one part after another.
        """
        network = self._sampler.posterior.members[0]
        plan = plan_windows(network, images.shape)
        stack = images.reshape(plan.planes, *images.shape[-3:])
        batch = _Batch(
            sampler=self._sampler,
            networks=self._networks,
            plan=plan,
            stack=stack,
            empty=empty_of_volume(plan, stack, network.skip_empty),
            importance=importance_of_window(plan),
            seed=seed,
            samples=samples,
            channels=network.channels,
        )
        planes, rows, columns = plan.mirrored_shape
        with (
            sums_in(folder / "weights", planes, (rows, columns, 1)) as weights,
            sums_in(folder / "sums", plan.planes_at_once, (rows, columns, batch.channels)) as sums,
            memory_errors(),
        ):
            yield from batch.parts(sums, weights, self._part_voxels(samples))


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """One batch of images.

    Attributes:
        sampler: has the reducers.
        networks: of the members.
        plan: their windows.
        stack: what the windows see, ``[planes, rows, columns, C]``.
        empty: the chunks that need no sample of their own.
        importance: weights of a window's voxels.
        seed: of the prediction.
        samples: T.
        channels: of a sample.
    """

    sampler: Sampler
    networks: Sequence[ChunkedNetwork]
    plan: WindowPlan
    stack: np.ndarray
    empty: EmptyOfVolume
    importance: np.ndarray
    seed: tf.Tensor
    samples: int
    channels: int

    def parts(
        self,
        sums: SampleSums,
        weights: SampleSums,
        part_voxels: int,
    ) -> Iterator[StatisticsOfPart]:
        """Add groups of chunks, and reduce what is finished after each."""
        self._add_weights(weights)
        draws = self._draws()
        cleared = 0
        reduced = 0
        for group in self.plan.groups():
            last = self.plan.last_plane(group)
            for sample in range(self.samples):
                sums.clear(sample, range(cleared, last))
            cleared = max(cleared, last)
            self._add_group(group, sums, self._shares(group, weights), draws)
            finished = self.plan.finished_voxels(group.stop)
            for first in range(reduced, finished, part_voxels):
                stop = min(first + part_voxels, finished)
                yield StatisticsOfPart(first, self._reduced(sums, first, stop))
            reduced = finished

    def _add_weights(self, weights: SampleSums) -> None:
        """Sum up the windows' weights at each voxel, in the order of the windows."""
        weights.clear(0, range(self.plan.mirrored_shape[0]))
        values = self.importance[..., None]
        windows = []
        for window in self.plan.windows_of_first_image():
            windows.append((self.plan.place_of_weight(window), values))
        weights.add(0, self.plan.size, windows)

    def _shares(self, group: range, weights: SampleSums) -> dict[int, np.ndarray]:
        """Each window's share of the weight, by chunk ``[chunk, *patch]``."""
        depth, height, width = self.plan.size
        shares = {}
        for chunk in group:
            of_windows = []
            for window in self.plan.windows_of(chunk):
                plane, row, column = self.plan.place_of_weight(window)
                rows = weights.box(0, plane, row, depth, height)
                total = rows[:, :, column : column + width, 0]
                of_windows.append((self.importance / total).reshape(self.plan.patch))
            shares[chunk] = np.stack(of_windows)
        return shares

    def _add_group(
        self,
        group: range,
        sums: SampleSums,
        shares: dict[int, np.ndarray],
        draws_of_members: list[list[_Draw]],
    ) -> None:
        """Add the windows of some chunks to every sample; their encoding is in memory."""
        encoded = {chunk for chunk in group if chunk not in self.empty.repeats}
        if len(encoded) < len(group):
            encoded.add(self.empty.first)
        for network, draws in zip(self.networks, draws_of_members, strict=True):
            features = {chunk: network.encode(self.plan, self.stack, chunk) for chunk in encoded}
            for draw in draws:
                sampled = _SampledChunks(self, network, draw, features)
                sums.add(draw.index, self.plan.size, sampled.windows(shares))

    def _draws(self) -> list[list[_Draw]]:
        """The samples of each member."""
        posterior = self.sampler.posterior
        samples = tf.constant(self.samples)
        first = 0
        of_members = []
        for member in range(len(posterior.members)):
            count = int(posterior.draws(member, samples))
            draws = []
            for index in range(count):
                seed = posterior.seed(self.seed, member, tf.constant(index))
                draws.append(_Draw(first + index, seed))
            of_members.append(draws)
            first += count
        return of_members

    def _reduced(self, sums: SampleSums, first: int, stop: int) -> SampleStatistics:
        self.sampler.begin_part(first)
        states: States = self.sampler.states([1, stop - first, self.channels], self.samples)
        for sample in range(self.samples):
            p = sums.voxels(sample, first, stop, self.plan.plane_shape)
            states = self.sampler.updated(states, tf.constant(p[None]), tf.constant(sample))
        statistics: SampleStatistics = self.sampler.finished(states, tf.constant(self.samples))
        return statistics


@dataclass(frozen=True)
class _SampledChunks:
    """Some chunks of one sample.

    Attributes:
        batch: whose chunks they are.
        network: samples them.
        draw: the sample.
        features: of the chunks that are not repeats, and of the one that those repeat.
    """

    batch: _Batch
    network: ChunkedNetwork
    draw: _Draw
    features: dict[int, list[tf.Tensor]]

    def windows(self, shares: dict[int, np.ndarray]) -> Iterator[tuple[Place, np.ndarray]]:
        """The windows, chunk by chunk: where each begins, and its values.

        Args:
            shares: each window's share of the weight, by chunk ``[chunk, *patch]``.
        """
        plan = self.batch.plan
        for chunk, share in shares.items():
            values = self.network.weighted(plan, self._sample(chunk), share)
            for window, of_window in zip(plan.windows_of(chunk), values, strict=True):
                place = plan.place(window)
                if place:
                    yield place, of_window

    def _sample(self, chunk: int) -> tf.Tensor:
        """A chunk's windows of the sample."""
        if chunk in self.batch.empty.repeats:
            return self._of_empty
        return self._drawn(chunk)

    @cached_property
    def _of_empty(self) -> tf.Tensor:
        """The sample that empty chunks repeat.

        It is made anew for each group of chunks: to keep it of every sample would take memory that
        grows with T.
        """
        return self._drawn(self.batch.empty.first)

    def _drawn(self, chunk: int) -> tf.Tensor:
        features = self.features[chunk]
        return self.network.sample(
            self.batch.plan, chunk, features, self.draw.seed, self.batch.seed
        )
