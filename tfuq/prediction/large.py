"""Volumes whose statistics do not fit into memory: they are sampled part by part, onto disk."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tfuq.data.budget import free_memory, readable, require_memory
from tfuq.data.preprocessing import Box
from tfuq.errors import DataError
from tfuq.prediction.spool import Spool, SpooledChannels, temporary_folder, temporary_room
from tfuq.sampling.sampler import Sampler
from tfuq.sampling.slabs import SlabSampler
from tfuq.sampling.window_plan import ALIGNMENT
from tfuq.tasks.records import VoxelStatistics

_log = logging.getLogger(__name__)

MOST_IN_GRAPH = 2**30  # bytes of statistics; more go to disk
PART_BYTES = 2**28  # of statistics at a time
_FREE_SHARE = 4  # a part of the free memory that statistics may take
_ARRAYS = 6  # of one channel, at once in memory after the network
_COPIES_OF_WINDOWS = 6
_FLOAT_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a case takes.

    Attributes:
        memory: Bytes beside those of the program.
        disk: Bytes of temporary files.
    """

    memory: int
    disk: int


class LargeVolumes:
    """Samples volumes whose statistics do not fit into memory."""

    def __init__(self, sampler: Sampler, *, seed: int) -> None:
        """Prepare a sampler.

        Args:
            sampler: Has the networks and the reducers.
            seed: Of the prediction.
        """
        self._sampler = sampler
        self._slabs = SlabSampler(sampler, part_bytes=PART_BYTES)
        self._seed = tf.constant([seed, 0], tf.int32)

    def is_large(self, voxels: int, samples: int) -> bool:
        """Whether the statistics of a case are too large for memory.

        Args:
            voxels: Of its examples.
            samples: T.
        """
        return self.statistics_bytes(voxels, samples) > min(
            MOST_IN_GRAPH, free_memory() // _FREE_SHARE
        )

    def statistics_bytes(self, voxels: int, samples: int) -> int:
        """About the memory that the statistics of a case take.

        Args:
            voxels: Of its examples.
            samples: T.
        """
        return self._slabs.graph_bytes(voxels, samples)

    def is_small(self, voxels: int, samples: int) -> bool:
        """Whether the statistics of two such cases together are not too large for memory.

        Args:
            voxels: Of the examples of one.
            samples: T.
        """
        return not self.is_large(2 * voxels, samples)

    def needs(self, shape: tuple[int, ...], samples: int) -> Needs:
        """What examples take that are sampled part by part.

        Args:
            shape: Of the examples, ``(n, *S, C)``.
            samples: T.
        """
        voxels = math.prod(shape[:-1])
        arrays = (_ARRAYS + shape[-1]) * voxels * _FLOAT_BYTES
        windows = _COPIES_OF_WINDOWS * self._slabs.window_bytes
        return Needs(
            memory=arrays + windows + self._slabs.encoded_bytes + PART_BYTES,
            disk=self._slabs.file_bytes(shape, samples) + self._spool_bytes(voxels, samples),
        )

    def _spool_bytes(self, voxels: int, samples: int) -> int:
        """Bytes of the statistics, seen on a few voxels."""
        states = self._slabs.states(ALIGNMENT, samples)
        record = VoxelStatistics.of(self._sampler.statistics(states, tf.constant(samples)))
        taken = sum(array.nbytes for array in record.arrays().values())
        return (taken + record.masks.nbytes) * -(-voxels // ALIGNMENT)  # masks may be cropped

    def require_room(self, shape: tuple[int, ...], samples: int) -> None:
        """Say what examples take, and refuse what memory or the disk have no room for.

        Args:
            shape: Of the examples, ``(n, *S, C)``.
            samples: T.

        Raises:
            DataError: There is no room.
        """
        needs = self.needs(shape, samples)
        voxels = shape[:-1]
        require_memory(voxels, needs.memory / math.prod(voxels))
        free = temporary_room()
        folder = tempfile.gettempdir()
        case = f"{'×'.join(map(str, voxels))} voxels, T = {samples}"
        if needs.disk > free:
            raise DataError(
                f"{case}: take {readable(needs.disk)} of temporary files, more than the "
                f"{readable(free)} that are free in {folder}; free some, or name a folder with "
                "more room by the variable TMPDIR"
            )
        _log.info(
            "%s, part by part: about %s of memory, and %s of temporary files in %s",
            case,
            readable(needs.memory),
            readable(needs.disk),
            folder,
        )

    @contextmanager
    def channels(
        self,
        examples: np.ndarray,
        box: Box,
        slice_axis: int | None,
        samples: int,
        check: Callable[[VoxelStatistics], None],
    ) -> Iterator[SpooledChannels]:
        """Sample examples; their files are removed at the end.

        Args:
            examples: ``[n, *S, C]``.
            box: The part of an example that the scan fills.
            slice_axis: The axis of the volume along which examples are stacked, if they are slices.
            samples: T.
            check: Is called with the statistics of each part.

        Raises:
            DataError: As `require_room`.
        """
        self.require_room(examples.shape, samples)
        with temporary_folder() as folder:
            spool = Spool(
                folder,
                examples=examples.shape[:-1],
                box=box,
                slice_axis=slice_axis,
            )
            with temporary_folder() as sums:
                parts = self._slabs.parts(examples, sums, seed=self._seed, samples=samples)
                for part in parts:
                    record = VoxelStatistics.of(part.statistics)
                    check(record)
                    spool.add(part.first, record)
            del examples
            yield spool.finished()
