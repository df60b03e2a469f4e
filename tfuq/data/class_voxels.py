"""What becomes of structures on the network's grid: how much is left, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.config import Config
from tfuq.data.volume import Volume

MOST_LOST = 0.5  # the share of a structure's volume, more of which is worth a remark
_DIGITS = 4  # of a proposed spacing


@dataclass(frozen=True, kw_only=True)
class ClassVoxels:
    """How many voxels of each class a case has, on its own grid and on the network's.

    Of several labels by raters, they are the sums.

    Attributes:
        case: The case's id.
        own: Voxels of each class as the files have them.
        network: Voxels of each class as the network sees them, without padding.
        own_shape: Of the case's own grid, its axes turned to the network's.
        own_spacing: Likewise.
        network_spacing: Of the network's grid.
    """

    case: str
    own: tuple[int, ...]
    network: tuple[int, ...]
    own_shape: tuple[int, ...]
    own_spacing: tuple[float, ...]
    network_spacing: tuple[float, ...]

    @classmethod
    def of(
        cls, case: str, own: np.ndarray, network: np.ndarray, turned: Volume, on_grid: Volume
    ) -> ClassVoxels:
        """Make it of counts and grids.

        Args:
            case: The case's id.
            own: Voxels of each class, ``[K]``.
            network: Likewise on the network's grid.
            turned: Of the case's own grid, its axes turned to the network's.
            on_grid: Of the network's grid.
        """
        return cls(
            case=case,
            own=tuple(own.tolist()),
            network=tuple(network.tolist()),
            own_shape=turned.shape,
            own_spacing=tuple(turned.spacing.tolist()),
            network_spacing=tuple(on_grid.spacing.tolist()),
        )

    def share(self, number: int) -> float:
        """How much of a class's volume is left on the network's grid; 1 of one that is not there.

        Args:
            number: Of the class.
        """
        if not self.own[number]:
            return 1.0
        voxel = np.prod(self.network_spacing) / np.prod(self.own_spacing)
        return float(self.network[number] / self.own[number] * voxel)


@dataclass(frozen=True)
class Loss:
    """What is lost, and what to do.

    Attributes:
        problem: What is lost.
        remedy: What to do.
    """

    problem: str
    remedy: str

    def __str__(self) -> str:
        """Both in a line."""
        return f"{self.problem}; {self.remedy}"


def count_classes(array: np.ndarray, classes: int) -> np.ndarray:
    """Count the voxels of each class, slice by slice, as a whole count takes much memory.

    Args:
        array: A label, of two axes or more. Values that are no class are passed over.
        classes: How many classes there are.

    Returns:
        The counts ``[classes]``.
    """
    counts = np.zeros(classes, np.int64)
    for plane in array:
        counts += np.bincount(plane.ravel(), minlength=classes)[:classes]
    return counts


def losses(config: Config, cases: Sequence[ClassVoxels]) -> Iterator[Loss]:
    """Find the structures that vanish, or lose more than half of their volume, in some cases.

    Args:
        config: The configuration.
        cases: The labelled cases.
    """
    for number, name in enumerate(config.data.classes[1:], start=1):
        gone = [case for case in cases if case.own[number] and not case.network[number]]
        less = [case for case in cases if 0 < case.share(number) < 1 - MOST_LOST]
        having = sum(case.own[number] > 0 for case in cases)
        parts = []
        if gone:
            parts.append(f"vanishes in {len(gone)} of {having} case(s) ({_named(gone)})")
        if less:
            words = f"loses more than half of its volume in {len(less)} of {having} case(s)"
            parts.append(f"{words} ({_named(less)})")
        if parts:
            problem = f"on the network's grid, '{name}' {' and '.join(parts)}{_grids(gone + less)}"
            yield Loss(problem, _keeping(config, gone + less))


def _named(cases: Sequence[ClassVoxels]) -> str:
    if len(cases) == 1:
        return cases[0].case
    return f"{cases[0].case} and {len(cases) - 1} more"


def _grids(cases: Sequence[ClassVoxels]) -> str:
    """How the grids of the first of some cases differ."""
    first = cases[0]
    if not _is_resampled(first):
        return ""
    return (
        f": voxels of {_product(first.own_spacing)} become {_product(first.network_spacing)} "
        f"in {first.case}"
    )


def _keeping(config: Config, cases: Sequence[ClassVoxels]) -> str:
    """What keeps structures that these cases lose."""
    steps = config.preprocessing
    largest = np.max([case.own_shape for case in cases], axis=0)
    if not any(_is_resampled(case) for case in cases):
        return (
            "it lies outside of what preprocessing.crop_to_labels keeps: name its value there too, "
            f"or set a larger preprocessing.crop_margin, as in {largest.max()}"
        )
    if steps.spacing:
        finest = np.min([case.own_spacing for case in cases], axis=0)
        proposed = [float(f"{value:.{_DIGITS}g}") for value in finest]
        return f"to keep it, set a finer preprocessing.spacing, as in {proposed}"
    return f"to keep it, set a larger preprocessing.size, as in {largest.tolist()}"


def _is_resampled(case: ClassVoxels) -> bool:
    return not np.allclose(case.own_spacing, case.network_spacing, rtol=1e-3)


def untaught(config: Config, cases: Sequence[ClassVoxels]) -> Iterator[Loss]:
    """Find the classes of which no training case leaves the network a voxel: they are not learnt.

    Args:
        config: The configuration.
        cases: The training cases.
    """
    if not cases:
        return
    own = np.sum([case.own for case in cases], axis=0)
    network = np.sum([case.network for case in cases], axis=0)
    for number, name in enumerate(config.data.classes):
        if not own[number]:
            yield _absent(config, number)
        elif not network[number]:
            having = [case for case in cases if case.own[number]]
            problem = (
                f"class '{name}' has {own[number]} voxel(s) in the training labels and none on "
                f"the network's grid{_grids(having)}"
            )
            yield Loss(problem, _keeping(config, having))


def _absent(config: Config, number: int) -> Loss:
    classes = config.data.classes
    problem = f"class '{classes[number]}' has no voxel in any training case"
    remedy = "correct data.label_values, put a case that has it into data.split.train"
    left = classes[:number] + classes[number + 1 :]
    in_regions = {member for members in config.data.regions.values() for member in members}
    if len(left) < 2 or classes[number] in in_regions:
        return Loss(problem, remedy)
    remedy += f", or take it out of the classes by data.classes: [{', '.join(left)}]"
    values = config.data.label_values or {value: value for value in range(len(classes))}
    moved = {}
    for value, k in values.items():
        if k != number:
            moved[value] = k - (k > number)
    if any(value != k for value, k in moved.items()):
        listed = ", ".join(f"{value}: {k}" for value, k in moved.items())
        remedy += f" and data.label_values: {{{listed}}}"
    return Loss(problem, remedy)


def unseen(config: Config, counts: np.ndarray) -> Iterator[Loss]:
    """Find the classes that lie in slices alone that are left out.

    Args:
        config: The configuration.
        counts: Voxels of each class in the training examples, ``[classes]``.
    """
    for number, name in enumerate(config.data.classes):
        if not counts[number]:
            yield Loss(
                f"class '{name}' has no voxel in the slices that training takes",
                "take smaller ones too, by preprocessing.min_slice_area: 0",
            )


def _product(values: Sequence[float]) -> str:
    return "×".join(f"{value:.3g}" for value in values)
