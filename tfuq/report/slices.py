"""Volumes of a case, and slices of them as radiologists look at them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib
import nibabel
import numpy as np
from matplotlib.colors import ListedColormap

from tfuq.config import Config
from tfuq.data.cases import Case, read_case_image, read_case_label
from tfuq.data.lazy_arrays import LazyArrays
from tfuq.data.orientation import axis_along
from tfuq.data.preprocessing import PADDING
from tfuq.data.readers import read_label_file
from tfuq.data.readers.nifti_blocks import nifti_blocks
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.errors import DataError
from tfuq.measures.catalogue import OF_VOXELS, VARIANCES, names_of, of_map
from tfuq.runs.results import member_map
from tfuq.scoring.voxel_scores import LargestProbability

_CLASS_COLOURS = "viridis"
_COLOURS = 3  # channels of a colour image
MEAN = "mean_probability"
SHOWN_MAPS = (*names_of(OF_VOXELS), *VARIANCES)
PROBABILITY = "probability"


@dataclass(frozen=True, kw_only=True)
class CaseArrays:
    """One case as it was predicted.

    Attributes:
        id: The case's id.
        affine: From voxels to mm, ``[4, 4]``.
        image: Its first channel ``[X, Y, Z]``.
        truth: Classes by number ``[X, Y, Z]``, `PADDING` where nothing is known; None without a
            reference.
        label: The predicted classes ``[X, Y, Z]``.
        maps: Maps of uncertainty ``[X, Y, Z]`` by name; those of files are read when they are asked
            for.
        foreground: The probability that a voxel is of any structure, ``[X, Y, Z]``: the mean of all
            samples as `MEAN`, and of each member that was kept by `tfuq.runs.results.member_map`.
            Read when they are asked for.
        member_labels: The classes by each member that was kept ``[X, Y, Z]``, by the same names.
        colours: All three channels ``[X, Y, Z, 3]`` of a plain colour image; None of others.
        channels: How many channels the image has.
    """

    id: str
    affine: np.ndarray
    image: np.ndarray
    truth: np.ndarray | None
    label: np.ndarray
    maps: Mapping[str, np.ndarray]
    foreground: Mapping[str, np.ndarray] = field(default_factory=dict)
    member_labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    colours: np.ndarray | None = None
    channels: int = 1

    @property
    def present_truth(self) -> np.ndarray:
        """The reference, where it must be there.

        Raises:
            DataError: There is none.
        """
        if self.truth is None:
            raise DataError(f"case '{self.id}' has no reference; score its predictions with one")
        return self.truth

    @property
    def is_wrong(self) -> np.ndarray:
        """Where the prediction is not the reference, which is known there ``[X, Y, Z]``.

        Raises:
            DataError: There is no reference.
        """
        differs: np.ndarray = self.is_known & (self.present_truth != self.label)
        return differs

    @property
    def is_known(self) -> np.ndarray:
        """Where the reference is known ``[X, Y, Z]``.

        Raises:
            DataError: There is no reference.
        """
        is_known: np.ndarray = self.present_truth != PADDING
        return is_known

    @property
    def drawn_truth(self) -> np.ndarray:
        """The reference, the first class where it is not known: nothing is drawn there.

        Raises:
            DataError: There is no reference.
        """
        return np.where(self.is_known, self.present_truth, 0).astype(np.uint8)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a slice is.

    Attributes:
        axis: The voxel axis that it is taken along, from 0 to 2.
        index: Its number along the axis.
    """

    axis: int
    index: int

    def __str__(self) -> str:
        """As titles have it."""
        return f"slice {self.index} along axis {self.axis}"

    def cut(self, array: np.ndarray) -> np.ndarray:
        """The slice of an array ``[X, Y, Z]``."""
        plane: np.ndarray = np.take(array, self.index, self.axis)
        return plane


def load_case(folder: Path, case: Case, config: Config) -> CaseArrays:
    """Read a case's first channel, reference, label and maps.

    Args:
        folder: The predictions folder.
        case: The case, with its reference where it has one.
        config: The configuration of the run.

    Raises:
        DataError: A file is missing, damaged, or does not fit the image.
    """
    image = read_case_image(case)
    truth = None
    if case.has_reference:
        classes = len(config.data.classes)
        truth = read_case_label(case, image, classes, config.data.label_values).array
    label = read_label_file(folder / case.id / "label.nii.gz")
    channels = image.array.shape[-1]
    colours = None
    if channels == _COLOURS and is_plain_image(case.images[0]):
        colours = image.array
    return CaseArrays(
        id=case.id,
        affine=image.affine,
        image=image.array[..., 0],
        truth=truth,
        label=label.array.astype(np.uint8, copy=False),
        maps=_maps(folder / case.id),
        foreground=_foreground(folder / case.id),
        member_labels=_member_labels(folder / case.id),
        colours=colours,
        channels=channels,
    )


def _maps(folder: Path) -> LazyArrays:
    """The maps of uncertainty that a case's folder has."""
    paths = {name: folder / f"{name}.nii.gz" for name in SHOWN_MAPS}
    names = [name for name, path in paths.items() if path.is_file()]
    return LazyArrays(names, lambda name: nifti_blocks(paths[name]).array())


def _foreground(folder: Path) -> LazyArrays:
    """What `CaseArrays.foreground` says, of those files that a case's folder has."""
    paths = _members(folder)
    mean = folder / f"{PROBABILITY}.nii.gz"
    if mean.is_file():
        paths = {MEAN: mean} | paths
    return LazyArrays(list(paths), lambda name: _of_structures(paths[name]))


def _member_labels(folder: Path) -> LazyArrays:
    paths = _members(folder)
    return LazyArrays(list(paths), lambda name: _label_of(paths[name]))


def _members(folder: Path) -> dict[str, Path]:
    """The files of the members that were kept, by name, in the order of their numbers."""
    paths: dict[str, Path] = {}
    while (folder / f"{member_map(len(paths))}.nii.gz").is_file():
        name = member_map(len(paths))
        paths[name] = folder / f"{name}.nii.gz"
    return paths


def _of_structures(path: Path) -> np.ndarray:
    """1 less the probability of the background, which a file has first; no other is read."""
    file = nifti_blocks(path)
    values = np.empty(math.prod(file.grid.shape), np.float32)
    for block in file.blocks():
        if block.channel > 0:
            break
        values[block.place] = 1 - block.values
    return values.reshape(file.grid.shape, order="F")


def _label_of(path: Path) -> np.ndarray:
    """The most probable class of each voxel, uint8."""
    file = nifti_blocks(path)
    largest = LargestProbability(math.prod(file.grid.shape), np.dtype(np.float32))
    for block in file.blocks():
        largest.add(block.channel, block.place, block.values)
    return largest.classes.reshape(file.grid.shape, order="F")


def map_scale(name: str, classes: int) -> tuple[str, float]:
    """A map's unit, and the largest value that it can have with so many classes."""
    measure = of_map(name)
    _, highest = measure.bounds(classes)
    return measure.scale, highest


def class_colours(classes: int) -> ListedColormap:
    """A colour for each class, from dark to bright."""
    positions = np.linspace(0, 1, classes)
    return ListedColormap(matplotlib.colormaps[_CLASS_COLOURS](positions))


def shown_axis(config: Config, affine: np.ndarray) -> int:
    """The axis of a scan along which its slices are shown: that of the network's slices, else z.

    Args:
        config: The configuration of the run, with the orientation that its networks see.
        affine: Of the scan, ``[4, 4]``.
    """
    axis = config.preprocessing.slice_axis
    if axis is None:
        axis = 2
    return axis_along(affine, config.preprocessing.orientation, axis)


def other_axes(axis: int) -> tuple[int, ...]:
    """The two axes of a volume beside ``axis``."""
    return tuple(number for number in range(3) if number != axis)


def most_informative_slice(case: CaseArrays, axis: int) -> int:
    """The slice with the most labelled area; the middle one where nothing is labelled.

    What the reference or the prediction labels counts.
    """
    is_labelled = case.label > 0
    if case.truth is not None:
        is_labelled |= case.drawn_truth > 0
    area = is_labelled.sum(axis=other_axes(axis))
    if area.any():
        return int(area.argmax())
    slices: int = case.label.shape[axis]
    return slices // 2


def upright(plane: np.ndarray, affine: np.ndarray, axis: int) -> tuple[np.ndarray, float]:
    """Turn a slice as radiologists look at it.

    The patient's left is on the right (in a sagittal slice, the front is on the left). Front or
    head is up.

    Args:
        plane: A slice taken along the voxel axis, with any channels last.
        affine: From voxels to mm, ``[4, 4]``.
        axis: The voxel axis, from 0 to 2.

    Returns:
        The slice ``[rows, columns(, C)]``, and the height of its pixels over their width.
    """
    world, sign = np.delete(nibabel.io_orientation(affine), axis, 0).T
    spacing = np.delete(np.linalg.norm(affine[:3, :3], axis=0), axis)
    if world[0] > world[1]:
        plane = plane.swapaxes(0, 1)
        sign = sign[::-1]
        spacing = spacing[::-1]
    flipped = plane[:: -int(sign[0]), :: -int(sign[1])]
    return flipped.swapaxes(0, 1), float(spacing[1] / spacing[0])
