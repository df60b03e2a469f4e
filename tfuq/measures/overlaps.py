"""How much of a structure samples have, alone and two by two, counted in packed masks (NumPy).

Where all samples agree, a voxel counts for every pair alike. So only voxels that samples dispute
are looked at in each sample, a block of them at a time: memory grows neither with T nor with the
volume, but for T × T counts of each component.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfuq.measures.components import Box
from tfuq.measures.sample_masks import SampleMasks, bits_of

_BLOCK = 2**23  # bytes of all samples' masks that are looked at together
_COUNTS = 2**23  # pairs of samples, of all components, that are counted together
_PRODUCT = 2**23  # numbers in a product; float32 counts to 2**24 exactly


@dataclass(frozen=True)
class Overlap:
    """What samples have of a structure.

    Attributes:
        volumes: Voxels in each sample, ``[T]``.
        dice: Mean Dice of two samples; None of a single sample.
    """

    volumes: np.ndarray
    dice: float | None

    @classmethod
    def of_counts(cls, shared: np.ndarray) -> Overlap:
        """The overlap of samples that share so many voxels, two by two, ``[T, T]``."""
        dice = None
        if len(shared) > 1:
            dice = pairwise_dice(shared)
        return cls(np.diag(shared).copy(), dice)  # a view would keep all T × T counts


def pairwise_dice(shared: np.ndarray) -> float:
    """Mean Dice over all T(T−1)/2 pairs of samples.

    Two empty masks have Dice 1, an empty one and another have 0.

    Args:
        shared: Voxels that two samples share, ``[T, T]``, of two samples or more.

    References:
        Roy et al. 2018.
    """
    volumes = np.diag(shared)
    total = volumes[:, None] + volumes[None, :]
    scores = np.where(
        total > 0,
        2 * shared / np.maximum(total, 1),
        1.0,
    )
    pairs = np.triu_indices(len(shared), 1)
    return float(scores[pairs].mean())


@dataclass(frozen=True)
class Territories:
    """Parts of the volume that are counted apart.

    Attributes:
        numbers: Of the part that each voxel of a box belongs to, from 1; None where all is one
            part.
        count: How many parts there are.
        box: Where in the volume the numbers are.
    """

    numbers: np.ndarray | None
    count: int
    box: Box

    def of(self, masks: SampleMasks, bits: np.ndarray, wanted: range) -> np.ndarray:
        """Which of some parts voxels of the box lie in.

        Args:
            masks: Masks of voxels.
            bits: Numbers of the voxels' bits in a mask.
            wanted: Numbers of the parts, less 1.

        Returns:
            For each voxel, 0 for the first of the wanted parts, and so on; −1 of another part.
        """
        if self.numbers is None:
            return np.zeros(len(bits), np.intp)
        places = []
        for index, extent in zip(masks.voxels(bits), self.box, strict=True):
            places.append(index - extent.start)
        numbers = self.numbers[tuple(places)].astype(np.intp)
        parts: np.ndarray = numbers - (1 + wanted.start)
        parts[(parts < 0) | (parts >= len(wanted))] = -1
        return parts


def overlaps(masks: SampleMasks, territories: Territories) -> tuple[Overlap, list[Overlap]]:
    """What samples have of a structure, as a whole and in each part of the volume.

    Args:
        masks: Every sample's mask of the structure.
        territories: The parts, which hold all of every mask.
    """
    samples = masks.samples
    whole = np.zeros((samples, samples), np.int64)
    parts = []
    at_once = max(_COUNTS // samples**2, 1)
    for first in range(0, territories.count, at_once):
        numbers = range(first, min(first + at_once, territories.count))
        shared = _shared(masks, territories, numbers)
        whole += shared.sum(0)
        parts += [Overlap.of_counts(counts) for counts in shared]
    return Overlap.of_counts(whole), parts


def _shared(masks: SampleMasks, territories: Territories, numbers: range) -> np.ndarray:
    """Voxels that two samples share in some of the parts, int64 ``[parts, T, T]``."""
    samples = masks.samples
    shared = np.zeros((len(numbers), samples, samples), np.int64)
    size = max(_BLOCK // samples, 1)
    for start in range(0, masks.size, size):
        packed = masks.block(start, start + size)
        in_all = np.bitwise_and.reduce(packed)
        parts = territories.of(masks, bits_of(in_all) + 8 * start, numbers)
        counts = np.bincount(parts[parts >= 0], minlength=len(numbers))
        shared += counts[:, None, None]
        disputed = bits_of(np.bitwise_or.reduce(packed) & ~in_all)
        parts = territories.of(masks, disputed + 8 * start, numbers)
        _add_disputed(shared, packed, disputed, parts)
    return shared


def _add_disputed(
    shared: np.ndarray, packed: np.ndarray, bits: np.ndarray, parts: np.ndarray
) -> None:
    """Add to the counts what samples share of the voxels that they dispute.

    Args:
        shared: The counts, ``[parts, T, T]``.
        packed: Every sample's bits, ``[T, bytes]``.
        bits: Numbers of the voxels' bits.
        parts: The part of each of the voxels; −1 of none.
    """
    order = np.argsort(parts, kind="stable")
    order = order[np.searchsorted(parts[order], 0) :]
    bits = bits[order]
    parts = parts[order]
    shifts = (bits & 7).astype(np.uint8)
    most = max(_PRODUCT // len(packed), 1)
    for start, stop in _runs(parts, most):
        places = bits[start:stop] >> 3
        votes = (packed[:, places] >> shifts[start:stop]) & 1
        factors = votes.astype(np.float32)
        shared[parts[start]] += (factors @ factors.T).astype(np.int64)


def _runs(values: np.ndarray, most: int) -> Iterator[tuple[int, int]]:
    """Where equal values begin and end, at most so many together."""
    changes = np.flatnonzero(np.diff(values)) + 1
    start = 0
    for end in [*changes.tolist(), len(values)]:
        while start < end:
            stop = min(start + most, end)
            yield start, stop
            start = stop
