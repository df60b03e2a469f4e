"""A case's label from a structure set: its contours by the names of the classes."""

from __future__ import annotations

import difflib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tfuq.config.text import read_yaml
from tfuq.data.case import Case
from tfuq.data.contours import filled
from tfuq.data.readers.dicom_objects import require_same_frame
from tfuq.data.readers.rtstruct import Roi, read_structure_set
from tfuq.data.volume import Volume
from tfuq.errors import DataError

_log = logging.getLogger(__name__)
_told: set[tuple[Path, str]] = set()  # each is said once a process
_SETTING = "data.structure_names"


def read_structures(path: Path, case: Case, image: Volume) -> Volume:
    """Read a structure set as a label of the case's classes.

    A ROI is of the class of its name, exactly or but for upper and lower case, or of the one that
    ``case.structure_names`` says; several of one class are one structure. Where ROIs of different
    classes overlap, the voxel is of the later class. A ROI without a contour says that the
    structure is absent.

    Args:
        path: The file.
        case: The case, with the names of its classes.
        image: The case's image.

    Returns:
        The classes ``[X, Y, Z]`` on the image's grid, uint8.

    Raises:
        DataError: A class has no ROI, or its contours do not lie on the scan's planes.
    """
    rois = read_structure_set(path)
    by_class = _by_class(path, rois, case)
    used = [roi for members in by_class.values() for roi in members]
    _require_frame(path, used, case)
    array = np.zeros(image.shape, np.uint8)
    for number, name in enumerate(case.classes[1:], start=1):
        mask = _union(path, by_class[name], image)
        overlap = np.count_nonzero(array[mask])
        if overlap:
            _tell_problem(
                path, f"{overlap} voxels of '{name}' lie in an earlier class too; they are '{name}'"
            )
        array[mask] = number
    _tell_used(path, by_class, rois)
    return image.with_array(array)


def _by_class(path: Path, rois: Sequence[Roi], case: Case) -> dict[str, list[Roi]]:
    """The ROIs of each class but the first.

    Raises:
        DataError: A class has none, or two that differ in upper and lower case alone.
    """
    by_class = {}
    for name in case.classes[1:]:
        members = _of_class(path, rois, name, case.structure_names)
        if not members:
            raise _missing(path, rois, name, case)
        by_class[name] = members
    return by_class


def _missing(path: Path, rois: Sequence[Roi], name: str, case: Case) -> DataError:
    """The error of a class without a ROI, which proposes the one of a similar name if there is."""
    present = ", ".join(f"'{roi.name}'" for roi in rois)
    text = (
        f"{path}: has no ROI for the class '{name}', only {present}; add a ROI without contours "
        "where the structure is absent, or say which it is by --structure-names of tfuq score or "
        f"{_SETTING}"
    )
    taken = {class_name.casefold() for class_name in case.classes}
    free = {roi.name.casefold(): roi.name for roi in rois if roi.name not in case.structure_names}
    close = difflib.get_close_matches(name.casefold(), free.keys() - taken, n=1)
    if not close:
        return DataError(text)
    pairs = {**case.structure_names, free[close[0]]: name}
    listed = ", ".join(f"{_yaml(roi)}: {_yaml(of_class)}" for roi, of_class in pairs.items())
    return DataError(f"{text}, as in {{{listed}}}")


def _yaml(name: str) -> str:
    """A name as a key or value in a mapping of one line."""
    is_plain = re.fullmatch(r"[A-Za-z][\w-]*", name) and read_yaml(name, name) == name
    return name if is_plain else json.dumps(name, ensure_ascii=False)


def _of_class(
    path: Path, rois: Sequence[Roi], name: str, structure_names: Mapping[str, str]
) -> list[Roi]:
    named = [roi for roi in rois if structure_names.get(roi.name) == name]
    free = [roi for roi in rois if roi.name not in structure_names]
    exact = [roi for roi in free if roi.name == name]
    if exact or named:
        return [*exact, *named]
    similar = [roi for roi in free if roi.name.casefold() == name.casefold()]
    if len(similar) > 1:
        both = " and ".join(f"'{roi.name}'" for roi in similar)
        raise DataError(f"{path}: {both} may both be '{name}'; say which in {_SETTING}")
    return similar


def _require_frame(path: Path, rois: Sequence[Roi], case: Case) -> None:
    """Refuse contours in other coordinates than the scan's, where both are known."""
    frames = {roi.frame_of_reference for roi in rois if roi.frame_of_reference}
    if len(frames) > 1:
        raise DataError(
            f"{path}: its structures are in {len(frames)} frames of reference; "
            "export those of one scan"
        )
    require_same_frame(path, next(iter(frames), None), case.images)


def _union(path: Path, rois: Sequence[Roi], image: Volume) -> np.ndarray:
    """The voxels in any of the ROIs, bool ``[X, Y, Z]``."""
    union = np.zeros(image.shape, bool)
    for roi in rois:
        try:
            structure = filled(roi.contours, image)
        except ValueError as error:
            raise DataError(f"{path}: ROI '{roi.name}': {error}") from error
        if roi.contours and not structure.mask.any():
            raise DataError(
                f"{path}: ROI '{roi.name}' holds no voxel of the scan; give the structure set that "
                "was drawn on it"
            )
        if structure.gaps:
            text = f"ROI '{roi.name}' has no contour on {structure.gaps} planes within it"
            _tell_problem(path, f"{text}; it is empty there")
        if structure.outside:
            text = f"{structure.outside} of {len(roi.contours)} contours of ROI '{roi.name}'"
            _tell_problem(path, f"{text} leave the scan; they are cut off")
        union |= structure.mask
    return union


def _tell_used(path: Path, by_class: Mapping[str, Sequence[Roi]], rois: Sequence[Roi]) -> None:
    """Say how many contours each class has, and which ROIs are of none."""
    described = []
    for name, members in by_class.items():
        for roi in members:
            described.append(f"'{roi.name}' → {name}, {_counted(roi)}")
    used = [roi for members in by_class.values() for roi in members]
    skipped = [f"'{roi.name}'" for roi in rois if roi not in used]
    text = "; ".join(described)
    if skipped:
        text += f"; of no class: {', '.join(skipped)}"
    _tell(logging.INFO, path, text)


def _counted(roi: Roi) -> str:
    text = f"{len(roi.contours)} contours"
    if roi.without_area:
        text += f" ({roi.without_area} points and lines are left out)"
    return text


def _tell_problem(path: Path, text: str) -> None:
    _tell(logging.WARNING, path, text)


def _tell(level: int, path: Path, text: str) -> None:
    if (path, text) not in _told:
        _told.add((path, text))
        _log.log(level, "%s: %s", path, text)
