"""A case: the files of one subject, and its image and label read and checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from tfuq.config import Config, value_range
from tfuq.data.readers import read
from tfuq.data.readers.idx import read_idx
from tfuq.data.readers.images import as_volume, is_plain_image
from tfuq.data.units import PLAIN_IMAGE, SCAN, SIZED_IMAGE, Unit
from tfuq.data.volume import Volume
from tfuq.errors import DataError

AVERAGED_RATERS = 2  # of so many a score is the mean; of more, one against their majority
UNNAMED_RATER = "table"  # who wrote a table of landmarks


@dataclass(frozen=True)
class Case:
    """One subject: an id unique in its data set and a file per channel, with the ``row`` where a file holds many images.

    Its reference, where there is one, is a ``label`` file, a label file by each of several ``raters``, or a ``truth``: the name
    or number of a class, or landmarks ``[L, 2]`` as written, by rater. ``mask`` is a file of where to look, which stands in for
    what the label says of that. ``part`` is what the data set itself sets the case aside for. ``pixel_mm`` is how wide a pixel of
    its plain images is, where that is known.
    """

    id: str
    images: tuple[Path, ...]
    label: Path | None = None
    mask: Path | None = None
    truth: int | str | dict[str, np.ndarray] | None = field(default=None, compare=False)
    part: Literal["train", "test"] | None = None
    row: int | None = None
    raters: Mapping[str, Path] = field(default_factory=dict, compare=False)
    pixel_mm: float | None = None

    @property
    def unit(self) -> Unit:
        """What lengths and sizes on the grid of its images are measured in."""
        if not any(map(is_plain_image, self.images)):
            return SCAN
        return PLAIN_IMAGE if self.pixel_mm is None else SIZED_IMAGE

    @property
    def has_reference(self) -> bool:
        """Whether it can be trained on or scored."""
        return self.label is not None or self.truth is not None or bool(self.raters)

    def by(self, rater: str) -> Case:
        """The case with one rater's label alone.

        Raises:
            DataError: there is none by that rater.
        """
        if rater not in self.raters:
            raise DataError(
                f"case '{self.id}' has no label by '{rater}'; it has {', '.join(self.raters) or 'none'}: add the file, leave the case "
                "out, or set data.train_on to another rater, majority or random"
            )
        return replace(self, label=self.raters[rater], raters={})


@contextmanager
def naming(case: Case):
    """Errors within the block that do not know their file begin with the case's."""
    try:
        yield
    except DataError as error:
        where = case.images[0] if case.images else case.id
        raise DataError(f"{where if case.row is None else f'{where}: image {case.row}'}: {error}") from error


def read_case_image(case: Case) -> Volume:
    """Read the channels as one volume ``[X, Y, Z, C]``.

    Raises:
        DataError: channels of different grids, a constant channel.
    """
    channels = [read(path, case.pixel_mm) if case.row is None else as_volume(_stack(path)[case.row]) for path in case.images]
    for path, channel in zip(case.images[1:], channels[1:], strict=True):
        _require_same_grid(case.images[0], channels[0], path, channel)
    arrays = [c.array if c.array.ndim == 4 else c.array[..., None] for c in channels]
    image = channels[0].with_array(np.concatenate(arrays, axis=-1))
    for index in range(image.array.shape[-1]):
        values = image.array[..., index]
        # A blank image among thousands in one file is data; z-scoring it by itself is refused where that is asked for.
        if case.row is None and values.min() == values.max():
            where = case.images[min(index, len(case.images) - 1)]
            raise DataError(f"{where}: channel {index} is constant ({values.flat[0]:g}); exclude the case or mend the file")
    return image


@lru_cache(maxsize=4)
def _stack(path: Path) -> np.ndarray:
    """All images of an IDX file, which is read once for all of its cases."""
    return read_idx(path)


def read_label(config: Config, case: Case, image: Volume) -> Volume:
    """The case's reference as the configuration's classes; see `read_case_label`."""
    return read_case_label(case, image, len(config.data.classes), config.data.label_values)


def training_views(config: Config, case: Case) -> list[Case]:
    """The case with each reference that an example may be trained on: of several raters what ``data.train_on`` says, each of them
    for ``random``.

    Raises:
        DataError: the rater to train on has not labelled it.
    """
    chosen = config.data.train_on
    if not case.raters or chosen in (None, "majority"):
        return [case]
    return [case.by(rater) for rater in (case.raters if chosen == "random" else [chosen])]


def majority(labels: np.ndarray, classes: int) -> np.ndarray:
    """The class that most of ``labels [R, …]`` give, the first of equals: uint8 ``[…]``.

    A tie so goes to the class of the lower number, and to background before any structure. Of two raters this is a structure
    only where both have marked it, their intersection; see `scored_references`.
    """
    votes = np.stack([(labels == k).sum(0) for k in range(classes)])
    return votes.argmax(0).astype(np.uint8)


def read_rater_labels(case: Case, image: Volume, classes: int, label_values: Mapping[int | str, int] | None) -> np.ndarray:
    """Every rater's label ``[R, X, Y, Z]``, in the order of ``case.raters``; errors as `read_case_label` has them."""
    return np.stack([read_case_label(case.by(rater), image, classes, label_values).array for rater in case.raters])


def read_case_label(case: Case, image: Volume, classes: int, label_values: Mapping[int | str, int] | None) -> Volume:
    """Read the reference as classes ``0 … classes-1`` on the image's grid; of several raters, their `majority`.

    Raises:
        DataError: no label, another grid than the image, values outside the declared classes.
    """
    if case.raters:
        return image.with_array(majority(read_rater_labels(case, image, classes, label_values), classes))
    if case.label is None:
        raise DataError(f"case '{case.id}' has no label file; it is needed to train or score")
    label = _read_on_grid(case.label, case, image)
    declared = label_values or {value: value for value in range(classes)}
    values, inverse = np.unique(label.array, return_inverse=True)
    found = _classes_of(values, declared)
    if (found < 0).any():
        unknown = f"{values[found < 0][0]:.9g}"
        raise DataError(
            f"{case.label}: label value {unknown} is outside the declared {', '.join(map(str, declared))}; correct the file, "
            f"or map its values to classes, as in data.label_values: {{0: 0, {unknown}: 1}}"
        )
    return label.with_array(found.astype(np.uint8)[inverse].reshape(label.array.shape))


def _classes_of(values: np.ndarray, declared: Mapping[int | str, int]) -> np.ndarray:
    """The class of each of ``values [n]``, −1 of one that is not declared; ranges are not written out."""
    ranges = sorted(((value_range(key), k) for key, k in declared.items()), key=lambda item: item[0][0])
    first = np.array([values_of[0] for values_of, _ in ranges])
    last = np.array([values_of[-1] for values_of, _ in ranges])
    classes = np.array([k for _, k in ranges])
    place = np.searchsorted(first, values, side="right") - 1
    is_declared = (place >= 0) & (values <= last[place]) & (values == np.rint(values))
    return np.where(is_declared, classes[place], -1)


def read_mask(config: Config, case: Case, image: Volume) -> Volume | None:
    """Where the configured preprocessing looks, as 0 and 1 on the image's grid; None where it looks everywhere.

    Raises:
        DataError: the case has neither a mask nor a label to take one from, it is on another grid, or nothing is inside.
    """
    values, path = config.preprocessing.crop_to_labels, case.mask or case.label
    if not values:
        return None
    if path is None:
        raise DataError(
            f"case '{case.id}' has no label, and preprocessing.crop_to_labels needs one or a mask; give it by --mask FILE_OR_FOLDER"
        )
    found = _read_on_grid(path, case, image)
    inside = found.array > 0 if case.mask else np.isin(found.array, values)
    if not inside.any():
        what = "voxel above 0" if case.mask else f"voxel of the values {values} that preprocessing.crop_to_labels names"
        raise DataError(f"{path}: has no {what}; correct the file, or exclude the case")
    return found.with_array(inside.astype(np.uint8))


def scored_references(case: Case, image: Volume, classes: int, label_values: Mapping[int | str, int] | None) -> list[Volume]:
    """The labels that a case is scored against, to be averaged over: each of exactly two raters, whose majority would be their
    intersection, else the one of `read_case_label`; errors as that has them."""
    alone = [case.by(rater) for rater in case.raters] if len(case.raters) == AVERAGED_RATERS else [case]
    return [read_case_label(one, image, classes, label_values) for one in alone]


def written_values(case: Case) -> list[float]:
    """The different values of a case's label files, before they stand for classes."""
    paths = list(case.raters.values()) or [case.label]
    return sorted({float(value) for path in paths for value in np.unique(read(path).array)})


def _read_on_grid(path: Path, case: Case, image: Volume) -> Volume:
    """A label or mask ``[X, Y, Z]`` on the grid of its case's image."""
    label = read(path, case.pixel_mm)
    if label.array.ndim == 4:
        if (label.array != label.array[..., :1]).any():
            raise DataError(f"{path}: has {label.array.shape[-1]} channels that differ; a label needs one, of class values")
        label = label.with_array(label.array[..., 0])
    _require_same_grid(case.images[0] if case.images else Path(case.id), image, path, label)
    return label


def _require_same_grid(first_path: Path, first: Volume, second_path: Path, second: Volume) -> None:
    if first.shape != second.shape:
        raise DataError(
            f"{second_path}: shape {second.shape} differs from {first.shape} of {first_path.name}; resample one of them"
        )
    if not first.same_grid(second):
        is_mixed = is_plain_image(first_path) != is_plain_image(second_path)
        sized = ", or set data.pixel_mm to the width in mm of the plain image's pixels" if is_mixed else ""
        raise DataError(
            f"{second_path}: affine differs from that of {first_path.name}; resample one of them or correct its header{sized}"
        )
