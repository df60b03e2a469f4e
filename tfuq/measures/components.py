"""Connected components of a mask, and what of space is nearest to each (NumPy)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cc3d
import numpy as np
from scipy import ndimage

from tfuq.measures.nearest import nearest_components

Box = tuple[slice, ...]
_FACES: Final = 6  # neighbours of a voxel that are of its component
_PLANES: Final = 16  # whose voxels are counted together


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

    def territories(self, wanted: np.ndarray) -> np.ndarray | None:
        """The number of the component that is nearest to each of some voxels.

        Args:
            wanted: The voxels, bool of the box. Others that are in no component have 0.

        Returns:
            Of ``numbers``' shape and type; None of a single component. `nearest_components` says
            which counts where several are equally near.
        """
        if self.count < 2:
            return None
        return nearest_components(self.numbers, wanted)

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
    found, count = cc3d.connected_components(
        mask, connectivity=_FACES, binary_image=True, return_N=True
    )
    sizes = _sizes(found, count)
    by_size = np.argsort(-sizes, kind="stable")
    kept = by_size[sizes[by_size] >= least]
    ranks = np.zeros(count + 1, np.min_scalar_type(len(kept)))
    ranks[kept + 1] = np.arange(1, len(kept) + 1)
    numbers = np.empty(found.shape, ranks.dtype)
    for ranked, plane in zip(numbers, found, strict=True):
        ranked[...] = ranks[plane]  # plane by plane, as NumPy makes eight bytes of an index
    return Components(numbers, len(kept))


def _sizes(found: np.ndarray, count: int) -> np.ndarray:
    """The voxels of each component, ``[count]``.

    Args:
        found: Of each voxel's component, from 1; 0 elsewhere.
        count: How many components there are.
    """
    sizes = np.zeros(count + 1, np.int64)
    for start in range(0, len(found), _PLANES):
        planes = found[start : start + _PLANES]
        sizes += np.bincount(planes.ravel(), minlength=count + 1)
    return sizes[1:]


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
