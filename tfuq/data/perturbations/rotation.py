"""Rotation about the centre, true to the size of voxels."""

from __future__ import annotations

import numpy as np

from tfuq.data.perturbations.base import Subject, perturbation
from tfuq.data.perturbations.geometry import Movement, rotation
from tfuq.errors import DataError


def _turned(subject: Subject, turn: np.ndarray) -> Subject:
    """Turned by a matrix in millimetres; in voxels it is another where these are not cubes."""
    spacing = subject.spacing
    in_voxels = turn * spacing[None, :] / spacing[:, None]
    return subject.moved(Movement.linear(subject.space, in_voxels))


@perturbation(
    "rotation",
    "the angle in degrees, clockwise on a picture",
    low=-180,
    high=180,
    axis="angle (°)",
)
def in_plane(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """In plane: of a volume, about the axis that its slices are stacked along."""
    angle = np.deg2rad(severity)
    if subject.is_picture:
        angles = np.asarray([angle])
    else:
        angles = np.where(np.arange(3) == subject.axis, angle, 0.0)
    return _turned(subject, rotation(angles))


@perturbation(
    "rotation-3d",
    "the angle in degrees",
    low=-180,
    high=180,
    tasks=("segmentation",),
    axis="angle (°)",
)
def in_space(subject: Subject, severity: float, rng: np.random.Generator) -> Subject:
    """About an axis in space that the seed chooses, all directions alike.

    Raises:
        DataError: The image is one plane.
    """
    if min(subject.image.shape) == 1:
        sizes = "×".join(map(str, subject.image.shape))
        raise DataError(f"rotation-3d: an image of {sizes} voxels is one plane; choose rotation")
    direction = _unit(rng.normal(size=3))
    return _turned(subject, _turn_about(direction, np.deg2rad(severity)))


def _turn_about(direction: np.ndarray, angle: float) -> np.ndarray:
    """The rotation matrix about a unit vector, after Rodrigues."""
    x, y, z = direction
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    cosine = np.cos(angle)
    sine = np.sin(angle)
    across = cosine * np.eye(3) + sine * cross
    along = (1 - cosine) * np.outer(direction, direction)
    turn: np.ndarray = across + along
    return turn


def _unit(vector: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vector / np.linalg.norm(vector)
    return unit
