"""Connected components of a mask, and what of space is nearest to each (NumPy)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cc3d
import numpy as np
from scipy import ndimage

Box = tuple[slice, ...]
_FACES: Final = 6  # neighbours of a voxel that are of its component


@dataclass(frozen=True)
class Components:
    """Components in a box of the volume, largest first.

    Attributes:
        numbers: Of each voxel's component, from 1; 0 elsewhere, and in components that are too
            small.
        count: How many components there are.
    """

    numbers: np.ndarray
    count: int

    def territories(self) -> np.ndarray | None:
        """The number of the component that is nearest to each voxel; None of a single one.

        Where a voxel is as near to two, it has the one that scipy's feature transform chooses.
        """
        if self.count < 2:
            return None
        nearest_voxel = ndimage.distance_transform_edt(
            self.numbers == 0,
            return_distances=False,
            return_indices=True,
        )
        nearest = np.empty_like(self.numbers)
        for plane, voxels in enumerate(np.moveaxis(nearest_voxel, 1, 0)):
            nearest[plane] = self.numbers[tuple(voxels)]
        return nearest

    def masks(self) -> Iterator[tuple[Box, np.ndarray]]:
        """Each component's box, grown by a voxel, and its mask in it."""
        for index, box in enumerate(ndimage.find_objects(self.numbers)):
            grown = grown_box(box, self.numbers.shape)
            yield grown, self.numbers[grown] == index + 1


def components_of(mask: np.ndarray, least: int) -> Components:
    """Find the components of a mask whose voxels touch by a face, largest first.

    Of components of one size, the one that comes first in the array is first.

    Args:
        mask: Bool ``[X, Y, Z]``.
        least: Smaller components are left out, in voxels.
    """
    if not mask.any():
        return Components(np.zeros(mask.shape, np.int32), 0)
    found = cc3d.connected_components(mask, connectivity=_FACES, binary_image=True)
    sizes = np.bincount(found.ravel())[1:]
    by_size = np.argsort(-sizes, kind="stable")
    kept = by_size[sizes[by_size] >= least]
    ranks = np.zeros(len(sizes) + 1, np.min_scalar_type(len(kept)))
    ranks[kept + 1] = np.arange(1, len(kept) + 1)
    return Components(ranks[found], len(kept))


def bounding_box(mask: np.ndarray) -> Box:
    """The smallest box that holds a mask, which is not empty."""
    box: list[slice] = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        has_some = np.asarray(mask[tuple(box)].any(others))
        (places,) = has_some.nonzero()
        box.append(slice(int(places[0]), int(places[-1]) + 1))
    return tuple(box)


def grown_box(box: Box, shape: tuple[int, ...]) -> Box:
    """A box with a voxel around it, where the array has one."""
    grown = []
    for extent, size in zip(box, shape, strict=True):
        start = max(extent.start - 1, 0)
        stop = min(extent.stop + 1, size)
        grown.append(slice(start, stop))
    return tuple(grown)
