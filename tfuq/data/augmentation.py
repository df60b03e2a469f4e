"""Random changes of one training example. Each has a deterministic twin that takes its parameters."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tfuq.config import AugmentationConfig

Example = tuple[np.ndarray, np.ndarray]  # image [*S, C] and label [*S]


def augment(image: np.ndarray, label: np.ndarray, config: AugmentationConfig, rng: np.random.Generator) -> Example:
    """Draw parameters from ``rng`` and apply what the configuration turns on."""
    axes = [axis for axis in config.flip_axes if axis < label.ndim and rng.random() < 0.5]
    image, label = flip(image, axes), flip(label, axes)
    if config.rotation_degrees or config.scale:
        angles = np.deg2rad(rng.uniform(-1, 1, 3 if label.ndim == 3 else 1) * config.rotation_degrees)
        matrix = rotation(angles) / (1 + rng.uniform(-1, 1) * config.scale)
        image, label = affine(image, matrix), affine(label, matrix, nearest=True)
    if config.intensity:
        gain, shift = 1 + rng.uniform(-1, 1) * config.intensity, rng.uniform(-1, 1) * config.intensity
        image = image * np.float32(gain) + np.float32(shift)
    if config.noise:
        image = image + rng.normal(0, config.noise, image.shape).astype(np.float32)
    return image, label


def flip(array: np.ndarray, axes: list[int]) -> np.ndarray:
    """Mirrored along ``axes``."""
    return np.flip(array, axes) if axes else array


def rotation(angles: np.ndarray) -> np.ndarray:
    """Rotation matrix: one angle in 2D, or about each of three axes in turn (radians)."""
    if len(angles) == 1:
        (c,), (s,) = np.cos(angles), np.sin(angles)
        return np.array([[c, -s], [s, c]])
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        turn = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[[a, a, b, b], [a, b, a, b]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        matrix = matrix @ turn
    return matrix


def affine(array: np.ndarray, matrix: np.ndarray, *, nearest: bool = False) -> np.ndarray:
    """``array [*S]`` or ``[*S, C]`` sampled at ``matrix`` times each position, about its centre; edges repeat."""
    space = array.shape[: len(matrix)]
    centre = (np.array(space) - 1) / 2
    offset, order = centre - matrix @ centre, 0 if nearest else 1
    channels = array.reshape(*space, -1)
    moved = [
        ndimage.affine_transform(channels[..., c], matrix, offset, order=order, mode="nearest")
        for c in range(channels.shape[-1])
    ]
    return np.stack(moved, -1).reshape(array.shape)
