"""Volumes of a case, and slices of them as radiologists look at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
from tfuq.measures.catalogue import MEASURES, OF_VOXELS, names_of

_CLASS_COLOURS = "viridis"
_COLOURS = 3  # channels of a colour image


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
        colours: All three channels ``[X, Y, Z, 3]`` of a plain colour image; None of others.
        channels: How many channels the image has.
    """

    id: str
    affine: np.ndarray
    image: np.ndarray
    truth: np.ndarray | None
    label: np.ndarray
    maps: Mapping[str, np.ndarray]
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
        colours=colours,
        channels=channels,
    )


def _maps(folder: Path) -> LazyArrays:
    """The maps of uncertainty that a case's folder has."""
    paths = {name: folder / f"{name}.nii.gz" for name in names_of(OF_VOXELS)}
    names = [name for name, path in paths.items() if path.is_file()]
    return LazyArrays(names, lambda name: nifti_blocks(paths[name]).array())


def map_scale(name: str, classes: int) -> tuple[str, float]:
    """A map's unit, and the largest value that it can have with so many classes."""
    measure = MEASURES[name]
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
