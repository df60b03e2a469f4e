"""Random changes of one training example: parameters are drawn here, and `tfuq.data.perturbations` does with them what it does
in a study of shift."""

from __future__ import annotations

import numpy as np

from tfuq.config import AugmentationConfig
from tfuq.data.perturbations import PERTURBATIONS, Perturbation, Subject, perturb
from tfuq.data.perturbations.contrast import rescale
from tfuq.data.perturbations.geometry import Movement, elastic_field, rotation
from tfuq.data.perturbations.noise import add_noise
from tfuq.data.volume import Volume
from tfuq.errors import ConfigError

Example = tuple[np.ndarray, np.ndarray]  # image [*S, C] and label [*S], or points [L, 2]


def augment(image: np.ndarray, label: np.ndarray, config: AugmentationConfig, rng: np.random.Generator) -> Example:
    """Draw parameters from ``rng`` and apply what the configuration turns on."""
    movement = draw_movement(label.shape, config, rng)
    image, label = _change_values(movement.of_array(image), config, rng), movement.of_array(label, nearest=True)
    if not config.perturbations:
        return image, label
    changed = _perturb(Subject(_volume(image, label.ndim), _volume(label, label.ndim)), config, rng)
    return changed.image.array.reshape(image.shape), changed.label.array.reshape(label.shape)


def augment_image(image: np.ndarray, config: AugmentationConfig, rng: np.random.Generator) -> np.ndarray:
    """As `augment`, for an image ``[H, W, C]`` whose target does not move with it."""
    image = _change_values(draw_movement(image.shape[:-1], config, rng).of_array(image), config, rng)
    if not config.perturbations:
        return image
    return _perturb(Subject(_volume(image, 2)), config, rng).image.array.reshape(image.shape)


def augment_landmarks(image: np.ndarray, points: np.ndarray, config: AugmentationConfig, rng: np.random.Generator) -> Example:
    """As `augment`, for an image ``[H, W, C]`` and the landmarks ``[L, 2]`` in it, which may move out of it."""
    movement = draw_movement(image.shape[:-1], config, rng)
    image, points = _change_values(movement.of_array(image), config, rng), movement.of_points(points)
    if not config.perturbations:
        return image, points
    changed = _perturb(Subject(_volume(image, 2), points=points), config, rng)
    return changed.image.array.reshape(image.shape), changed.points


def check_perturbations(config: AugmentationConfig, task: str) -> None:
    """Refuse perturbations that are unknown, of another task, or whose largest severity is out of range.

    Raises:
        ConfigError: there is one.
    """
    for name, most in config.perturbations.items():
        chosen = PERTURBATIONS[name]
        if task not in chosen.tasks:
            raise ConfigError(f"augmentation.perturbations: {name} serves {', '.join(chosen.tasks)}, not {task}; remove it")
        for severity in _range(chosen, most):
            chosen.check(severity)


def _range(chosen: Perturbation, most: float) -> tuple[float, float]:
    return -most if chosen.low < 0 else 0.0, most


def _perturb(subject: Subject, config: AugmentationConfig, rng: np.random.Generator) -> Subject:
    """The listed perturbations one after another, at severities, seeds and channels that are drawn."""
    for name, most in config.perturbations.items():
        chosen = PERTURBATIONS[name]
        severity, seed = rng.uniform(*_range(chosen, most)), int(rng.integers(2**32))
        channel = int(rng.integers(subject.image.array.shape[-1])) if chosen.takes_channel else 0
        subject = perturb(name, subject, severity, seed, channel=channel)
    return subject


def _volume(array: np.ndarray, rank: int) -> Volume:
    """An array of two or three axes in space, and perhaps one of channels, as a volume of voxels of 1 mm."""
    return Volume(array if rank == 3 else np.expand_dims(array, 2), np.eye(4))


def draw_movement(shape: tuple[int, ...], config: AugmentationConfig, rng: np.random.Generator) -> Movement:
    """A random movement within the configuration's ranges, for an image of space ``shape``."""
    rank, field = len(shape), None
    matrix, shift = np.eye(rank), np.zeros(rank)
    axes = [axis for axis in config.flip_axes if axis < rank and rng.random() < 0.5]
    if config.rotation_degrees or config.scale:
        angles = np.deg2rad(rng.uniform(-1, 1, 3 if rank == 3 else 1) * config.rotation_degrees)
        matrix = rotation(angles) / (1 + rng.uniform(-1, 1) * config.scale)
    if config.shift:
        shift = rng.uniform(-1, 1, rank) * config.shift * np.array(shape)
    if config.elastic:
        field = elastic_field(rng, shape, config.elastic, config.elastic_smoothness)
    return Movement(tuple(shape), axes, matrix, shift, field)


def _change_values(image: np.ndarray, config: AugmentationConfig, rng: np.random.Generator) -> np.ndarray:
    if config.intensity:
        gain, offset = 1 + rng.uniform(-1, 1) * config.intensity, rng.uniform(-1, 1) * config.intensity
        image = rescale(image, gain, offset)
    if config.noise:
        image = add_noise(image, config.noise, rng)
    return image
