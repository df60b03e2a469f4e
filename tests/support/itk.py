"""Scans as SimpleITK writes them and places them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import SimpleITK

SPACING = (0.9, 1.3, 4.0)
ORIGIN = (-70.5, 82.25, 31.0)


def axis_orders() -> list[np.ndarray]:
    """All 48 directions ``[3, 3]`` of axes along those of space, a column an axis."""
    directions = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            directions.append(np.eye(3)[:, list(order)] * signs)
    return directions


def oblique() -> np.ndarray:
    """Axes that lie along none of space, right-handed."""
    matrix = np.random.default_rng(4).normal(size=(3, 3))
    rotation, _ = np.linalg.qr(matrix)
    return rotation * np.sign(np.linalg.det(rotation))


def write_itk(path: Path, array: np.ndarray, *, direction=None, axes: int = 3, compress=False):
    """A file of ``array [X, Y(, Z)(, C)]`` with ``axes`` spatial axes."""
    is_vector = array.ndim > axes
    order = (*reversed(range(axes)), *([axes] if is_vector else []))
    image = SimpleITK.GetImageFromArray(array.transpose(order), isVector=is_vector)
    image.SetSpacing(SPACING[:axes])
    image.SetOrigin(ORIGIN[:axes])
    if direction is not None:
        image.SetDirection(np.asarray(direction, float).ravel())
    path.parent.mkdir(parents=True, exist_ok=True)
    SimpleITK.WriteImage(image, str(path), useCompression=compress)
    return path


def itk_array(path: Path) -> np.ndarray:
    """The voxels ``[X, Y(, Z)(, C)]`` by SimpleITK."""
    image = SimpleITK.ReadImage(str(path))
    array = SimpleITK.GetArrayFromImage(image)
    axes = image.GetDimension()
    return array.transpose((*reversed(range(axes)), *range(axes, array.ndim)))


def itk_corners(path: Path) -> np.ndarray:
    """Where the corners lie by SimpleITK, brought to RAS: ``[8, 3]`` of a volume."""
    image = SimpleITK.ReadImage(str(path))
    axes = min(image.GetDimension(), 3)
    more = [0] * (image.GetDimension() - axes)
    points = []
    for index in _corner_indices(image.GetSize()[:axes]):
        point = image.TransformIndexToPhysicalPoint([*map(int, index), *more])
        points.append([*point[:axes], *[0.0] * (3 - axes)])
    return np.array(points) * [-1, -1, 1]


def corners(affine: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Where the corners of as many axes as there are sizes lie by an affine."""
    indices = np.array(_corner_indices(sizes))
    return indices @ affine[:3, : len(sizes)].T + affine[:3, 3]


def _corner_indices(sizes) -> list[tuple[int, ...]]:
    return list(itertools.product(*((0, size - 1) for size in sizes)))


def require_placed(read, read_affine, path, axes=3):
    """The volume of a file, whose corners lie where ITK puts them."""
    volume = read(path)
    actual = corners(volume.affine, volume.shape[:axes])
    np.testing.assert_allclose(actual, itk_corners(path), atol=1e-3)
    np.testing.assert_array_equal(read_affine(path), volume.affine)
    return volume
