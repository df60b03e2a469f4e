"""Random changes of one training example.

Parameters are drawn here; `tfuq.data.perturbations` does with them what it does in a study of
shift.
"""

from __future__ import annotations

import numpy as np

from tfuq.config import AugmentationConfig
from tfuq.config.preparation import OccasionConfig
from tfuq.data.perturbations import PERTURBATIONS, Perturbation, Subject, perturb
from tfuq.data.perturbations.contrast import rescale
from tfuq.data.perturbations.geometry import Movement, elastic_field, rotation
from tfuq.data.perturbations.noise import add_noise
from tfuq.data.volume import Volume
from tfuq.errors import ConfigError

Example = tuple[np.ndarray, np.ndarray]  # image [*S, C] and label [*S], or points [L, 2]


def augment(
    image: np.ndarray, label: np.ndarray, config: AugmentationConfig, rng: np.random.Generator
) -> Example:
    """Draw parameters and apply what the configuration turns on.

    Args:
        image: ``[*S, C]``, of two or three axes in space.
        label: ``[*S]``, which moves with the image.
        config: What to change, and how much.
        rng: The source of randomness.

    Returns:
        The image and the label, changed.
    """
    movement = draw_movement(label.shape, config, rng)
    image = _change_values(movement.of_array(image), config, rng)
    label = movement.of_array(label, nearest=True)
    if not config.perturbations:
        return image, label
    subject = Subject(_volume(image, label.ndim), _volume(label, label.ndim))
    perturbed = _perturb(subject, config, rng)
    image = perturbed.image.array.reshape(image.shape)
    label = perturbed.present_label.array.reshape(label.shape)
    return image, label


def augment_image(
    image: np.ndarray, config: AugmentationConfig, rng: np.random.Generator
) -> np.ndarray:
    """As `augment`, for an image ``[H, W, C]`` whose target does not move with it."""
    movement = draw_movement(image.shape[:-1], config, rng)
    image = _change_values(movement.of_array(image), config, rng)
    if not config.perturbations:
        return image
    perturbed = _perturb(Subject(_volume(image, 2)), config, rng)
    return perturbed.image.array.reshape(image.shape)


def augment_landmarks(
    image: np.ndarray, points: np.ndarray, config: AugmentationConfig, rng: np.random.Generator
) -> Example:
    """As `augment`, for an image ``[H, W, C]`` and its landmarks, which may move out of it.

    Args:
        image: ``[H, W, C]``.
        points: The landmarks ``[L, 2]`` (x, y) in the image's pixels.
        config: What to change, and how much.
        rng: The source of randomness.
    """
    movement = draw_movement(image.shape[:-1], config, rng)
    image = _change_values(movement.of_array(image), config, rng)
    points = movement.of_points(points)
    if not config.perturbations:
        return image, points
    perturbed = _perturb(Subject(_volume(image, 2), points=points), config, rng)
    return perturbed.image.array.reshape(image.shape), perturbed.present_points


def check_perturbations(config: AugmentationConfig, task: str) -> None:
    """Refuse perturbations that are unknown, of another task, or too severe.

    Raises:
        ConfigError: There is one.
    """
    for name, most in config.perturbations.items():
        perturbation = PERTURBATIONS[name]
        if task not in perturbation.tasks:
            served = ", ".join(perturbation.tasks)
            raise ConfigError(
                f"augmentation.perturbations: {name} serves {served}, not {task}; remove it"
            )
        for severity in _occasion(perturbation, most).range:
            perturbation.check(severity)


def _occasion(perturbation: Perturbation, given: float | OccasionConfig) -> OccasionConfig:
    """How often a perturbation is drawn, and between which severities.

    A number is the largest one of every example; where severities have a sign, in either direction.
    """
    if isinstance(given, OccasionConfig):
        return given
    low = 0.0
    if perturbation.low < 0:
        low = -given
    return OccasionConfig(range=[low, given])


def _happens(probability: float, rng: np.random.Generator) -> bool:
    """Whether something happens; what always does draws no number."""
    return probability == 1.0 or rng.random() < probability


def _perturb(subject: Subject, config: AugmentationConfig, rng: np.random.Generator) -> Subject:
    """The listed perturbations one after another, at random severities, seeds and channels."""
    for name, most in config.perturbations.items():
        perturbation = PERTURBATIONS[name]
        occasion = _occasion(perturbation, most)
        if not _happens(occasion.probability, rng):
            continue
        severity = rng.uniform(*occasion.range)
        seed = int(rng.integers(2**32))
        channel = 0
        if perturbation.takes_channel:
            channel = int(rng.integers(subject.image.array.shape[-1]))
        subject = perturb(name, subject, severity, seed, channel=channel)
    return subject


def _volume(array: np.ndarray, rank: int) -> Volume:
    """An array as a volume of voxels of 1 mm.

    Args:
        array: It has ``rank`` axes in space, and perhaps one of channels.
        rank: 2 or 3.
    """
    if rank == 2:
        array = np.expand_dims(array, 2)
    return Volume(array, np.eye(4))


def draw_movement(
    shape: tuple[int, ...], config: AugmentationConfig, rng: np.random.Generator
) -> Movement:
    """Draw a movement within the configuration's ranges.

    Args:
        shape: The sizes of the image's axes in space.
        config: The ranges.
        rng: The source of randomness.
    """
    rank = len(shape)
    matrix = np.eye(rank)
    shift = np.zeros(rank)
    field = None
    axes = [axis for axis in config.flip_axes if axis < rank and rng.random() < 0.5]
    if config.rotation_degrees or config.scale:
        matrix = _random_matrix(rank, config, rng)
    if config.shift:
        shift = rng.uniform(-1, 1, rank) * config.shift * np.array(shape)
    if config.elastic and _happens(config.elastic_probability, rng):
        field = elastic_field(rng, shape, config.elastic, config.elastic_smoothness)
        if config.plane_axis is not None:
            field[..., config.plane_axis] = 0.0
    return Movement(shape=tuple(shape), axes=axes, matrix=matrix, shift=shift, field=field)


def _random_matrix(rank: int, config: AugmentationConfig, rng: np.random.Generator) -> np.ndarray:
    """A matrix that rotates and scales."""
    count = 3 if rank == 3 else 1
    angles = np.deg2rad(rng.uniform(-1, 1, count) * config.rotation_degrees)
    if not _happens(config.rotation_probability, rng):
        angles[:] = 0.0
    factors = np.full(rank, 1 + rng.uniform(-1, 1) * config.scale)
    if not _happens(config.scale_probability, rng):
        factors[:] = 1.0
    if config.plane_axis is not None:
        angles[np.arange(rank) != config.plane_axis] = 0.0
        factors[config.plane_axis] = 1.0
    return rotation(angles) / factors


def _change_values(
    image: np.ndarray, config: AugmentationConfig, rng: np.random.Generator
) -> np.ndarray:
    if config.intensity:
        gain = 1 + rng.uniform(-1, 1) * config.intensity
        offset = rng.uniform(-1, 1) * config.intensity
        image = rescale(image, gain, offset)
    if config.noise:
        image = add_noise(image, config.noise, rng)
    return image
