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

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq.measures.reducers.base import SampleStatistics
from tfuq.sampling.chunked import ChunkedNetwork, importance_of_window, plan_windows
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
    """Samples one batch of images part by part."""

    def __init__(
        self,
        sampler: Sampler,
        images: np.ndarray,
        *,
        seed: tf.Tensor,
        samples: int,
        part_bytes: int,
    ) -> None:
        """Prepare a batch.

        Args:
            sampler: has the networks and the reducers.
            images: ``[N, *S, C]``; N is 1 for volumes.
            seed: of the prediction, int32 ``[2]``.
            samples: T.
            part_bytes: the most memory that the statistics of a part may take.
        """
        self._sampler = sampler
        self._seed = seed
        self._samples = samples
        networks = sampler.posterior.members
        self.plan = plan_windows(networks[0], images.shape)
        self._channels = networks[0].channels
        self._networks = [ChunkedNetwork(network, self.plan, images) for network in networks]
        self._importance = importance_of_window(self.plan)
        self._part_voxels = self._voxels_within(part_bytes)

    def _voxels_within(self, part_bytes: int) -> int:
        """Voxels of a part, a multiple of the alignment."""
        states = self._sampler.states([1, ALIGNMENT, self._channels], self._samples)
        tensors = tf.nest.flatten(states)
        state_bytes = sum(tensor.shape.num_elements() * tensor.dtype.size for tensor in tensors)
        sample_bytes = ALIGNMENT * self._channels * _FLOAT_BYTES
        bytes_at_once = _COPIES * (state_bytes + sample_bytes)
        return max(part_bytes // bytes_at_once, 1) * ALIGNMENT

    @property
    def file_bytes(self) -> int:
        """The most bytes that the temporary files take."""
        planes, rows, columns = self.plan.mirrored_shape
        of_samples = self._samples * self.plan.planes_at_once * self._channels
        return (of_samples + planes) * rows * columns * _FLOAT_BYTES

    def parts(self, folder: Path) -> Iterator[StatisticsOfPart]:
        """Take the samples.

        Args:
            folder: for temporary files.

        Yields:
            The statistics of one part after another.
        """
        planes, *plane_shape = self.plan.mirrored_shape
        rows, columns = plane_shape
        with (
            sums_in(folder / "weights", planes_at_once=planes, plane_shape=(rows, columns, 1)) as weights,
            sums_in(
                folder / "sums",
                planes_at_once=self.plan.planes_at_once,
                plane_shape=(rows, columns, self._channels),
            ) as sums,
            memory_errors(),
        ):
            self._add_weights(weights)
            yield from self._parts(sums, weights)

    def _parts(self, sums: SampleSums, weights: SampleSums) -> Iterator[StatisticsOfPart]:
        cleared = 0
        reduced = 0
        for group in self.plan.groups():
            last = self.plan.last_plane(group)
            for sample in range(self._samples):
                sums.clear(sample, range(cleared, last))
            cleared = max(cleared, last)
            self._add_group(group, sums, self._shares(group, weights))
            finished = self.plan.finished_voxels(group.stop)
            for first in range(reduced, finished, self._part_voxels):
                stop = min(first + self._part_voxels, finished)
                yield StatisticsOfPart(first, self._reduced(sums, first, stop))
            reduced = finished

    def _add_weights(self, weights: SampleSums) -> None:
        """Sum up the windows' weights at each voxel, in the order of the windows."""
        weights.clear(0, range(self.plan.mirrored_shape[0]))
        values = self._importance[..., None]
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
                of_windows.append((self._importance / total).reshape(self.plan.patch))
            shares[chunk] = np.stack(of_windows)
        return shares

    def _add_group(
        self,
        group: range,
        sums: SampleSums,
        shares: dict[int, np.ndarray],
    ) -> None:
        """Add the windows of some chunks to every sample; their encoding is in memory."""
        for network, draws in zip(self._networks, self._draws(), strict=True):
            features = {chunk: network.encode(chunk) for chunk in group}
            for draw in draws:
                windows = self._windows(network, draw, features, shares)
                sums.add(draw.index, self.plan.size, windows)

    def _windows(
        self,
        network: ChunkedNetwork,
        draw: _Draw,
        features: dict[int, list[tf.Tensor]],
        shares: dict[int, np.ndarray],
    ) -> Iterator[tuple[Place, np.ndarray]]:
        """The windows of one sample, chunk by chunk."""
        for chunk, encoded in features.items():
            values = network.windows(chunk, encoded, shares[chunk], draw.seed, self._seed)
            for window, of_window in zip(self.plan.windows_of(chunk), values, strict=True):
                place = self.plan.place(window)
                if place:
                    yield place, of_window

    def _draws(self) -> list[list[_Draw]]:
        """The samples of each member."""
        posterior = self._sampler.posterior
        samples = tf.constant(self._samples)
        first = 0
        of_members = []
        for member in range(len(posterior.members)):
            count = int(posterior.draws(member, samples))
            draws = []
            for index in range(count):
                seed = posterior.seed(self._seed, member, tf.constant(index))
                draws.append(_Draw(first + index, seed))
            of_members.append(draws)
            first += count
        return of_members

    def _reduced(self, sums: SampleSums, first: int, stop: int) -> SampleStatistics:
        states: States = self._sampler.states([1, stop - first, self._channels], self._samples)
        for sample in range(self._samples):
            p = sums.voxels(sample, first, stop, self.plan.plane_shape)
            states = self._sampler.updated(states, tf.constant(p[None]), tf.constant(sample))
        return self._sampler.finished(states, tf.constant(self._samples))
