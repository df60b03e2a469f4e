"""The sampling graph as XLA compiles it whole: prefix, samples, blending, reducers and maps.

A program of XLA serves one shape. To compile it anew for every case would take longer than its
samples. So slices and whole images go through it by chunks, the last one filled up, and a volume is
enlarged to whole patches. Its windows stay where they are, and the reducers see its voxels alone,
in a row.

Slices larger than their patch are not enlarged: landmarks need rows and columns. Each new size of
them is compiled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import tensorflow as tf

from tfuq.measures.reducers import Reducer
from tfuq.measures.reducers.base import SampleStatistics
from tfuq.sampling.corners import IS_FILLER
from tfuq.sampling.empty import EmptyChunks
from tfuq.sampling.encoded import PlacedWindows
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.sampler import Finish, Sampler

_VOLUME_RANK = 3
_BITS = 8  # voxels of a byte of a mask


@dataclass(frozen=True)
class _VoxelAxis:
    """Where a statistic of voxels in a row has its voxels.

    Attributes:
        axis: of the statistic.
        is_packed: whether each of its elements is a byte of a mask.
    """

    axis: int
    is_packed: bool


def make_sampler(posterior: Posterior, reducers: Sequence[Reducer], *, finish: Finish) -> Sampler:
    """The sampler of networks: compiled by XLA where they are.

    Args:
        posterior: the networks.
        reducers: what is gathered from the samples.
        finish: makes the result from the statistics.
    """
    if posterior.members[0].with_xla:
        return CompiledSampler(posterior, reducers, finish=finish)
    return Sampler(posterior, reducers, finish=finish)


class CompiledSampler(Sampler):
    """A `Sampler` whose loop over the samples is one program of XLA.

    The same arguments give the same bytes on the same device. Those of the plain graph differ by
    rounding.
    """

    def __init__(
        self, posterior: Posterior, reducers: Sequence[Reducer], *, finish: Finish
    ) -> None:
        """Make the program.

        Args:
            posterior: as `Sampler` takes it.
            reducers: as `Sampler` takes them.
            finish: as `Sampler` takes it.
        """
        super().__init__(posterior, reducers, finish=finish)
        self._network = self._members[0]
        self._place = tf.function(
            self._network.place, input_signature=self._signature()[:1], autograph=False
        )
        self.program = tf.function(self._run, autograph=False, jit_compile=True)
        self.sample = self._sample_by_parts

    def _sample_by_parts(
        self, images: tf.Tensor, seed: tf.Tensor, samples: tf.Tensor
    ) -> SampleStatistics:
        """As `Sampler.sample`; T is part of the program, as it is a size of masks."""
        images = tf.convert_to_tensor(images, tf.float32)
        seed = tf.convert_to_tensor(seed, tf.int32)
        at_once = self._images_at_once(images)
        parts = []
        for first in range(0, len(images), at_once):
            part = images[first : first + at_once]
            parts.append(self._sample_part(part, at_once, seed, int(samples)))
        statistics = {}
        for name in parts[0]:
            statistics[name] = tf.concat([part[name] for part in parts], 0)
        return statistics

    def _images_at_once(self, images: tf.Tensor) -> int:
        """How many images go through the program together."""
        if not self._is_tiled(images):
            return self._network.chunk
        if self._is_volume:
            return 1
        return min(self._network.chunk, len(images))

    def _is_tiled(self, images: tf.Tensor) -> bool:
        return tuple(images.shape[1:-1]) != self._network.patch

    @property
    def _is_volume(self) -> bool:
        return len(self._network.patch) == _VOLUME_RANK

    def _sample_part(
        self, images: tf.Tensor, at_once: int, seed: tf.Tensor, samples: int
    ) -> SampleStatistics:
        """The statistics of a few images.

        Args:
            images: ``[n, *S, C]``.
            at_once: how many the program takes, n or more.
            seed: of the prediction.
            samples: T.
        """
        space = tuple(images.shape[1:-1])
        is_tiled = self._is_tiled(images)
        filled = _padded(images, [at_once, *images.shape[1:]])
        placed = self._place(filled)._replace(is_tiled=is_tiled)
        if not is_tiled:
            placed = placed._replace(chunks=1)
        if not is_tiled or not self._is_volume:
            return _first_of(self.program(placed, space, seed, samples), len(images))
        enlarged = self._enlarged(placed)
        voxels = tf.constant(_voxels_of(space, enlarged.images.shape[1:-1]))
        statistics = self.program(enlarged, voxels, seed, samples)
        return self._in_space(statistics, space)

    def _enlarged(self, placed: PlacedWindows) -> PlacedWindows:
        """The windows of a volume that is enlarged to whole patches, followed by fillers."""
        count, *space, channels = placed.images.shape
        shape = [count]
        for size, patch in zip(space, self._network.patch, strict=True):
            shape.append(-(-size // patch) * patch)
        shape.append(channels)
        windows = len(self._network.corners(tf.constant(shape)))
        empty = placed.empty
        if empty is not None:
            chunks = [windows // self._network.chunk]
            empty = EmptyChunks(*[_padded(flags, chunks) for flags in empty])
        filler = np.zeros((windows - len(placed.corners), 1 + len(space)), np.int32)
        filler[:, 0] = IS_FILLER
        return placed._replace(
            images=_padded(placed.images, shape),
            corners=tf.concat([placed.corners, filler], 0),
            empty=empty,
        )

    def _run(
        self,
        placed: PlacedWindows,
        seen: tuple[int, ...] | tf.Tensor,
        seed: tf.Tensor,
        samples: int,
    ) -> SampleStatistics:
        """The program.

        Args:
            placed: the windows.
            seen: what the reducers see. S, the shape of an image before anything is added to it; or
                where each voxel lies among those of an enlarged volume, int32 ``[V]``, of which −1
                fills up.
            seed: of the prediction.
            samples: T.
        """
        channels = self._network.channels
        if isinstance(seen, tf.Tensor):
            shape = [placed.images.shape[0], seen.shape[0], channels]
            view = partial(_in_a_row, voxels=seen)
        else:
            shape = [placed.images.shape[0], channels]
            if self._network.is_dense:
                shape[1:1] = seen
            view = partial(tf.slice, begin=[0] * len(shape), size=shape)
        return self._folded(placed, view, shape, seed=seed, samples=tf.constant(samples))

    def _in_space(self, statistics: SampleStatistics, space: tuple[int, ...]) -> SampleStatistics:
        """Statistics of a volume, of those of its voxels in a row.

        Args:
            statistics: of the program.
            space: S of the volume.
        """
        voxels = math.prod(space)
        in_space = {}
        for name, values in statistics.items():
            found = self._voxel_axes.get(name)
            if found is None:
                in_space[name] = values
            elif found.is_packed:
                in_space[name] = values[..., : -(-voxels // _BITS)]
            else:
                before = values.shape[: found.axis]
                after = values.shape[found.axis + 1 :]
                own = tf.slice(values, [0] * values.shape.rank, [*before, voxels, *after])
                in_space[name] = tf.reshape(own, [*before, *space, *after])
        return in_space

    @cached_property
    def _voxel_axes(self) -> dict[str, _VoxelAxis]:
        """The axis of voxels of each statistic that has one: its size follows their number."""
        few, many = (self._shapes(voxels) for voxels in (_BITS, 2 * _BITS))
        axes = {}
        for name, shape in few.items():
            for axis, sizes in enumerate(zip(shape, many[name], strict=True)):
                if sizes[0] != sizes[1]:
                    axes[name] = _VoxelAxis(axis, is_packed=sizes[0] != _BITS)
        return axes

    def _shapes(self, voxels: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the statistics of so many voxels in a row."""
        samples = tf.constant(len(self._members))
        states = self._states([1, voxels, self._network.channels], samples)
        statistics = self.statistics(states, samples)
        return {name: tuple(values.shape) for name, values in statistics.items()}


def _in_a_row(sample: tf.Tensor, voxels: tf.Tensor) -> tf.Tensor:
    """Some voxels of each example ``[n, *S, C]`` of a sample: ``[n, V, C]``; those of −1 are 0."""
    rows = tf.reshape(sample, [sample.shape[0], -1, sample.shape[-1]])
    chosen = tf.gather(rows, tf.maximum(voxels, 0), axis=1)
    return tf.where(voxels[:, None] >= 0, chosen, 0.0)


def _padded(tensor: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
    """The tensor, followed by zeros along each axis up to a shape."""
    paddings = []
    for size, wanted in zip(tensor.shape, shape, strict=True):
        paddings.append([0, wanted - size])
    return tf.pad(tensor, paddings)


def _first_of(statistics: SampleStatistics, count: int) -> SampleStatistics:
    """The statistics of the first images."""
    return {name: values[:count] for name, values in statistics.items()}


def _voxels_of(space: Sequence[int], enlarged: Sequence[int]) -> np.ndarray:
    """Where the voxels of a volume lie in an enlarged one.

    Args:
        space: shape of the volume.
        enlarged: shape of the enlarged one.

    Returns:
        Numbers of its voxels, int32; −1 fills up to as many as the enlarged one has.
    """
    numbers = np.arange(math.prod(enlarged), dtype=np.int32).reshape(enlarged)
    of_volume = numbers[tuple(slice(size) for size in space)].ravel()
    filled = np.full(numbers.size, -1, np.int32)
    filled[: of_volume.size] = of_volume
    return filled
