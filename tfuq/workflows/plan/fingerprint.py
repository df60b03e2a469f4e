"""What training cases look like: the numbers that a plan decides by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case, read_case_image, read_mask
from tfuq.data.orientation import Turn
from tfuq.data.parallel import in_order
from tfuq.data.preprocessing import PADDING, crop_to_mask
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.data.sets.dataset import oriented, training_orientation
from tfuq.data.spread import evenly
from tfuq.data.volume import Volume, turned

MOST_CASES = 60  # that are looked at
_QUANTILES = (0.005, 0.995)
_MOST_VALUES = 20_000  # of a channel of a case
_LOWEST_OF_CT = -900.0  # Hounsfield units; air has −1000

# The classes of a case's voxels, by the case and its image.
Labels = Callable[[Config, Case, Volume], Volume]


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """Of the training cases that were looked at, in the orientation that the network sees.

    Attributes:
        cases: How many training cases there are.
        shapes: Voxels along each axis, ``[n, 3]``.
        spacings: Widths of a voxel, ``[n, 3]``, in mm or pixels.
        channels: Of an image.
        is_picture: Whether they are plain images.
        orientation: The directions of the axes, such as ``RAS``; None of tasks of pictures.
        quantiles: Of each channel, where the structures are or else everywhere, ``[C, 2]``.
        lowest: The least value of any channel.
        class_shares: Of the voxels, by class; empty where there are no labels.
        present: The classes that a case is known to have, by its id.
    """

    cases: int
    shapes: np.ndarray
    spacings: np.ndarray
    channels: int
    is_picture: bool
    orientation: str | None
    quantiles: np.ndarray
    lowest: float
    class_shares: tuple[float, ...]
    present: Mapping[str, frozenset[int | str]]

    @property
    def looked_at(self) -> int:
        """How many cases the numbers are of."""
        return len(self.shapes)

    @property
    def size(self) -> np.ndarray:
        """The median of voxels along each axis, ``[3]``."""
        median: np.ndarray = np.median(self.shapes, axis=0)
        return median

    @property
    def is_ct(self) -> bool:
        """Whether the values are those of a CT: one channel, with air at about −1000."""
        return not self.is_picture and self.channels == 1 and self.lowest <= _LOWEST_OF_CT


@dataclass(frozen=True, kw_only=True)
class _Look:
    """At one case: values are ``[C, m]``, counts of classes ``[K]``."""

    case: Case
    shape: tuple[int, ...]
    spacing: np.ndarray
    values: np.ndarray
    lowest: float
    counts: np.ndarray


def fingerprint_of(config: Config, cases: list[Case], labels: Labels | None) -> Fingerprint:
    """Look at training cases.

    Args:
        config: The configuration.
        cases: The training cases; at most `MOST_CASES` of them are read.
        labels: Reads the classes of voxels; None where the task has none.

    Raises:
        DataError: A case cannot be read.
    """
    turned_config = oriented(config, training_orientation(config, cases))

    def look(case: Case) -> _Look:
        return _look(turned_config, case, labels)

    looks = list(in_order(look, evenly(cases, MOST_CASES), lambda one: one.values.nbytes))
    by_channel = zip(*[one.values for one in looks], strict=True)
    values = [np.concatenate(channel) for channel in by_channel]
    counts = np.sum([one.counts for one in looks], axis=0)
    shares = counts / max(counts.sum(), 1)
    return Fingerprint(
        cases=len(cases),
        shapes=np.array([one.shape for one in looks]),
        spacings=np.array([one.spacing for one in looks]),
        channels=len(values),
        is_picture=is_plain_image(cases[0].images[0]),
        orientation=turned_config.preprocessing.orientation,
        quantiles=np.array([np.quantile(channel, _QUANTILES) for channel in values]),
        lowest=min(one.lowest for one in looks),
        class_shares=tuple(shares.tolist()),
        present=_present(cases, looks),
    )


def _present(cases: Sequence[Case], looks: Sequence[_Look]) -> dict[str, frozenset[int | str]]:
    present: dict[str, frozenset[int | str]] = {}
    for case in cases:
        if isinstance(case.truth, (int, str)):
            present[case.id] = frozenset([case.truth])
    for look in looks:
        if look.counts.size:
            present[look.case.id] = frozenset(np.flatnonzero(look.counts).tolist())
    return present


def _look(config: Config, case: Case, labels: Labels | None) -> _Look:
    image = read_case_image(case)
    counts = np.zeros(0, np.int64)
    mask = read_mask(config, case, image)
    label = None
    if labels is not None:
        label = _cropped(labels(config, case, image), mask, config)
    image = _cropped(image, mask, config)
    voxels = image.array.reshape(-1, image.array.shape[-1])
    if label is not None:
        classes = label.array.reshape(-1)
        counts = np.bincount(classes, minlength=PADDING + 1)[: len(config.data.classes)]
        is_inside = (classes > 0) & (classes != PADDING)
        if is_inside.any():
            voxels = voxels[is_inside]
    step = max(len(voxels) // _MOST_VALUES, 1)
    on_axes = _on_axes(config, image)
    return _Look(
        case=case,
        shape=on_axes.shape,
        spacing=on_axes.spacing,
        values=voxels[::step].T.copy(),
        lowest=float(image.array.min()),
        counts=counts,
    )


def _cropped(volume: Volume, mask: Volume | None, config: Config) -> Volume:
    """What the configured preprocessing keeps."""
    if mask is None:
        return volume
    return crop_to_mask(volume, mask, config.preprocessing.crop_margin)


def _on_axes(config: Config, image: Volume) -> Volume:
    """The image's grid, its axes in the order that the network sees."""
    orientation = config.preprocessing.orientation
    if orientation is None:
        return image.grid
    return turned(image.grid, Turn.to(image.affine, orientation))
