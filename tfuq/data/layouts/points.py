"""Layouts of images with landmarks, as they are written.

`tfuq.data.sets.landmarks` brings them into the image's pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfuq.data.case import UNNAMED_RATER, Case, Part
from tfuq.data.layouts.indexed import indexed_path
from tfuq.data.layouts.registry import COUNTS, LAYOUTS, REMARKS
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.readers import is_readable, stem
from tfuq.data.readers.landmarks import Position, read_landmark_table, read_points
from tfuq.errors import DataError, nearest

if TYPE_CHECKING:
    import numpy as np
else:
    np = ModuleOnUse("numpy")

_CEPHALOMETRIC_PARTS: dict[str, Part] = {
    "TrainingData": "train",
    "Test1Data": "test",
    "Test2Data": "test",
}
_DOCTORS = {"senior": "400_senior", "junior": "400_junior"}
_MISSING = (math.nan, math.nan)


@LAYOUTS.register("cephalometric2015")
def cephalometric2015(root: Path, landmarks: Sequence[str]) -> list[Case]:
    """List the ISBI 2015 challenge.

    Images are ``RawImage/TrainingData/NNN.bmp`` (``Test1Data``, ``Test2Data``). The annotations of
    both doctors are ``AnnotationsByMD/400_senior/NNN.txt`` and ``400_junior``.
    """
    cases = []
    for path, part in _cephalograms(root):
        truth = _by_doctor(root, path.stem, len(landmarks))
        cases.append(Case(path.stem, (path,), truth=truth, part=part))
    return cases


@COUNTS.register("cephalometric2015")
def _count_of_cephalograms(root: Path, landmarks: Sequence[str]) -> int:
    return len(_cephalograms(root))


def _cephalograms(root: Path) -> list[tuple[Path, Part]]:
    """The images, each with the part that its folder is for."""
    images = []
    for name, part in _CEPHALOMETRIC_PARTS.items():
        folder = root / "RawImage" / name
        if folder.is_dir():
            paths = sorted(folder.iterdir())
            images += [(path, part) for path in paths if is_readable(path)]
    return images


@REMARKS.register("cephalometric2015")
def _annotations_of_no_image(root: Path, cases: Sequence[Case]) -> Iterator[str]:
    ids = {case.id for case in cases}
    for folder in _DOCTORS.values():
        names = {path.stem for path in (root / "AnnotationsByMD" / folder).glob("*.txt")}
        if names - ids:
            yield (
                f"{root / 'AnnotationsByMD' / folder}: {len(names - ids)} annotation(s) are of no "
                f"image, such as {min(names - ids)}.txt, and are not used"
            )


def _by_doctor(root: Path, name: str, count: int) -> dict[str, np.ndarray] | None:
    """The landmarks of each doctor who has annotated an image; None where nobody has."""
    paths = {}
    for doctor, folder in _DOCTORS.items():
        paths[doctor] = root / "AnnotationsByMD" / folder / f"{name}.txt"
    annotations = {}
    for doctor, path in paths.items():
        if path.is_file():
            annotations[doctor] = read_points(path, count)
    return annotations or None


@LAYOUTS.register("landmark-table")
def landmark_table(root: Path, table: str, landmarks: Sequence[str]) -> list[Case]:
    """List a CSV file of landmarks by image, see `tfuq.data.readers.landmarks`.

    The images lie beside it or in a folder ``image``.
    """
    annotated = read_landmark_table(root / table)
    _require_known(root / table, annotated, landmarks)
    folder = root
    if (root / "image").is_dir():
        folder = root / "image"
    cases = []
    for name, points in annotated.items():
        path = indexed_path(folder, name, str(root / table))
        truth = {UNNAMED_RATER: _in_order(points, landmarks)}
        cases.append(Case(stem(path), (path,), truth=truth))
    return cases


@COUNTS.register("landmark-table")
def _count_of_table(root: Path, table: str, landmarks: Sequence[str]) -> int:
    return len(read_landmark_table(root / table))


def _require_known(
    path: Path, annotated: Mapping[str, Mapping[str, Position]], landmarks: Sequence[str]
) -> None:
    unknown: set[str] = set()
    for points in annotated.values():
        unknown |= set(points) - set(landmarks)
    if unknown:
        name = min(unknown)
        hint = nearest(name, landmarks)
        raise DataError(f"{path}: landmark '{name}' is not among data.landmarks{hint}")


def _in_order(points: Mapping[str, Position], landmarks: Sequence[str]) -> np.ndarray:
    return np.array([points.get(name, _MISSING) for name in landmarks])
