"""Scans whose headers are valid and mislead careless readers, and where their corners lie."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK

from tests.conftest import ball_case

SHAPE = (18, 17, 15)


def affine_of(matrix, origin=(0, 0, 0)) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = matrix
    affine[:3, 3] = origin
    return affine


def turn(axis: int, degrees: float) -> np.ndarray:
    first, second = [(1, 2), (0, 2), (0, 1)][axis]
    matrix = np.eye(3)
    radians = np.deg2rad(degrees)
    matrix[first, first] = matrix[second, second] = np.cos(radians)
    matrix[first, second] = -np.sin(radians)
    matrix[second, first] = np.sin(radians)
    return matrix


PLAIN = affine_of(np.diag([-1.2, -1.2, 3.0]), (90, 100, -50))
TURNED = affine_of(turn(0, 12) @ PLAIN[:3, :3], (97, 89, -45))
OBLIQUE = affine_of(turn(2, 20) @ turn(0, 15) @ np.diag([0.9, 1.1, 4.0]), (-70, -80, 30))
SHEARED = affine_of([[1.2, 0.3, 0], [0, 1.2, 0], [0, 0, 3.0]], (5, 6, 7))
LEFT_HANDED = affine_of(np.diag([1.2, -1.2, 3.0]))
METRES = affine_of(np.diag([0.0009, 0.0009, 0.0015]))
MICRONS = affine_of(np.diag([900.0, 900.0, 1500.0]))


@dataclass(frozen=True)
class Row:
    """The transforms of a header, its unit, and the volume of a voxel in mm³."""

    qform: tuple[np.ndarray, int]
    sform: tuple[np.ndarray | None, int]
    voxel: float
    unit: str = "mm"

    def write(self, path: Path) -> Path:
        array, _ = ball_case(np.random.default_rng(3), SHAPE)
        image = nibabel.Nifti1Image(array, np.eye(4))
        image.header.set_qform(self.qform[0], self.qform[1])
        image.header.set_sform(*self.sform)
        image.header.set_xyzt_units(self.unit, "sec")
        path.parent.mkdir(parents=True, exist_ok=True)
        # nibabel itself would write headers that agree with the affine.
        path.write_bytes(nibabel.Nifti1Image(array, None, image.header).to_bytes())
        return path


ROWS = {
    "plain": Row((PLAIN, 1), (PLAIN, 1), 4.32),
    "oblique": Row((OBLIQUE, 1), (OBLIQUE, 1), 3.96),
    "qform alone": Row((OBLIQUE, 1), (None, 0), 3.96),
    "qform and sform differ": Row((PLAIN, 1), (TURNED, 2), 4.32),
    "no codes": Row((PLAIN, 0), (PLAIN, 0), 4.32),
    "sheared sform": Row((SHEARED, 1), (SHEARED, 1), 4.32),
    "left-handed": Row((LEFT_HANDED, 1), (LEFT_HANDED, 1), 4.32),
    "metres": Row((METRES, 1), (METRES, 1), 1.215, "meter"),
    "microns": Row((MICRONS, 1), (MICRONS, 1), 1.215, "micron"),
}
SIZES = Row((np.diag([-1.31579, -1.31579, 10, 1]), 1), (np.diag([-1.0, -1, 1, 1]), 1), np.nan)
FLIPPED = Row((PLAIN, 1), (LEFT_HANDED, 1), np.nan)


def corners(path: Path) -> dict[str, np.ndarray]:
    """Where a file's corners lie by nibabel, by its qform alone, and by SimpleITK, in its unit."""
    image = nibabel.load(path)
    indices = np.array(list(itertools.product(*((0, size - 1) for size in image.shape[:3]))))
    places = {
        "nibabel": nibabel.affines.apply_affine(image.affine, indices),
        "qform": nibabel.affines.apply_affine(image.header.get_qform(), indices),
    }
    try:
        by_itk = SimpleITK.ReadImage(str(path))
    except RuntimeError:  # ITK takes no sheared sform
        return places
    more = [0] * (by_itk.GetDimension() - 3)
    points = []
    for index in indices:
        points.append(by_itk.TransformIndexToPhysicalPoint([*map(int, index), *more])[:3])
    return places | {"SimpleITK": np.array(points)}
