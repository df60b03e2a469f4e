"""Layouts of images with landmarks, as they are written: `tfuq.data.landmarks` brings them into the image's pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfuq.data.cases import UNNAMED_RATER, Case
from tfuq.data.layouts.registry import LAYOUTS
from tfuq.data.readers import is_readable, stem
from tfuq.data.readers.landmarks import read_landmark_table, read_points
from tfuq.errors import DataError, nearest

_CEPHALOMETRIC_PARTS = {"TrainingData": "train", "Test1Data": "test", "Test2Data": "test"}
_DOCTORS = {"senior": "400_senior", "junior": "400_junior"}


@LAYOUTS.register("cephalometric2015")
def cephalometric2015(root: Path, landmarks: Sequence[str]) -> list[Case]:
    """The ISBI 2015 challenge: ``RawImage/TrainingData/NNN.bmp`` (``Test1Data``, ``Test2Data``) and both doctors' annotations,
    ``AnnotationsByMD/400_senior/NNN.txt`` and ``400_junior``."""
    images = [
        (path, part)
        for folder, part in _CEPHALOMETRIC_PARTS.items()
        if (root / "RawImage" / folder).is_dir()
        for path in sorted((root / "RawImage" / folder).iterdir())
        if is_readable(path)
    ]
    return [Case(path.stem, (path,), truth=_by_doctor(root, path.stem, len(landmarks)), part=part) for path, part in images]


def _by_doctor(root: Path, name: str, count: int) -> dict[str, np.ndarray] | None:
    files = {doctor: root / "AnnotationsByMD" / folder / f"{name}.txt" for doctor, folder in _DOCTORS.items()}
    return {doctor: read_points(path, count) for doctor, path in files.items() if path.is_file()} or None


@LAYOUTS.register("landmark-table")
def landmark_table(root: Path, table: str, landmarks: Sequence[str]) -> list[Case]:
    """A CSV file of landmarks by image (see `tfuq.data.readers.landmarks`), the images beside it or in a folder ``image``."""
    annotated = read_landmark_table(root / table)
    unknown = sorted({name for points in annotated.values() for name in points} - set(landmarks))
    if unknown:
        raise DataError(f"{root / table}: landmark '{unknown[0]}' is not among data.landmarks{nearest(unknown[0], landmarks)}")
    folder = root / "image" if (root / "image").is_dir() else root
    return [
        Case(stem(folder / file), (folder / file,), truth={UNNAMED_RATER: _in_order(points, landmarks)})
        for file, points in annotated.items()
    ]


def _in_order(points: dict, landmarks: Sequence[str]) -> np.ndarray:
    return np.array([points.get(name, (math.nan, math.nan)) for name in landmarks])
