"""Connected components of the classes of a label map, and means of maps over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tfuq.measures.components import components_of as components_of_mask
from tfuq.scoring.rows import Row

_BLOCK = 2**20  # voxels


@dataclass(frozen=True, kw_only=True)
class Components:
    """The n components of all classes but the first, those of class 1 first.

    Of each class, the largest is first. Of equal sizes, it is the one that comes first in the
    array, the last axis first.

    Voxels of a component are connected by faces. Voxels are in the order of the label's memory, the
    first axis first.

    Attributes:
        inside: whether a voxel is in one, bool ``[voxels]``.
        numbers: of the component of each voxel that is in one.
        sizes: voxels of each, ``[n]``.
        classes: of each, ``[n]``.
    """

    inside: np.ndarray
    numbers: np.ndarray
    sizes: np.ndarray
    classes: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum of a map over each component, ``[n]``.

        Args:
            values: ``[voxels]``.
        """
        sums = np.zeros(len(self.sizes))
        for numbers, place in self._blocks():
            chosen = values[place][self.inside[place]]
            sums += np.bincount(numbers, chosen, len(sums))
        return sums

    def means(self, values: np.ndarray) -> np.ndarray:
        """The mean of a map over each component, ``[n]``; arguments as of `sums`."""
        means: np.ndarray = self.sums(values) / self.sizes
        return means

    def _blocks(self) -> Iterator[tuple[np.ndarray, slice]]:
        """Numbers of the components' voxels, and where these and others are."""
        first = 0
        for start in range(0, len(self.inside), _BLOCK):
            place = slice(start, start + _BLOCK)
            last = first + int(np.count_nonzero(self.inside[place]))
            yield self.numbers[first:last], place
            first = last

    def rows(
        self,
        names: Sequence[str],
        hits: np.ndarray,
        means: Mapping[str, np.ndarray],
    ) -> list[Row]:
        """A row for each component, of each class the largest first.

        Args:
            names: of all K classes.
            hits: voxels of each component whose true class is its own, ``[n]``.
            means: of maps over each component, by name ``[n]``.

        Returns:
            Rows with the ``class``, the number of the ``component``, its ``voxels``,
            ``false_positive`` (1 where none of its voxels is a hit), and the means.
        """
        rows = []
        for k, name in enumerate(names[1:], start=1):
            of_class = np.flatnonzero(self.classes == k)
            for rank, index in enumerate(of_class, start=1):
                row: Row = {
                    "class": name,
                    "component": rank,
                    "voxels": int(self.sizes[index]),
                    "false_positive": int(hits[index] == 0),
                }
                for map_name, of_map in means.items():
                    row[map_name] = float(of_map[index])
                rows.append(row)
        return rows


def components_of(label: np.ndarray, classes: int) -> Components:
    """The components of a label map.

    Each class is looked at in its box alone.

    Args:
        label: classes ``[X, Y, Z]``, uint8; other values are in no component.
        classes: K.
    """
    numbers = np.zeros(label.shape, np.int32, order="F")  # from 1
    counts = [0]
    for k, box in enumerate(boxes_of(label, classes)[1:], start=1):
        mask = label[box] == k
        found = components_of_mask(np.ascontiguousarray(mask), 1)
        np.copyto(numbers[box], found.numbers, where=mask)
        numbers[box][mask] += sum(counts)
        counts.append(found.count)
    flat = numbers.ravel(order="F")
    inside = flat > 0
    of_inside = flat[inside]
    of_inside -= 1
    return Components(
        inside=inside,
        numbers=of_inside,
        sizes=np.bincount(of_inside, minlength=sum(counts)),
        classes=np.repeat(np.arange(len(counts)), counts),
    )


def boxes_of(label: np.ndarray, classes: int) -> list[tuple[slice, ...]]:
    """The box of each of K classes in a label map, the first of which has an empty one.

    Args:
        label: classes ``[X, Y, Z]``, uint8.
        classes: K.
    """
    empty = (slice(0, 0),) * label.ndim
    boxes = [empty] * classes
    for number, box in enumerate(ndimage.find_objects(label, classes - 1), start=1):
        if box is not None:
            boxes[number] = box
    return boxes
