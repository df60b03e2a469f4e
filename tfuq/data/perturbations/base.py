"""What every perturbation is, and the table of them all."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from tfuq.config import TASKS
from tfuq.config.registry import Registry
from tfuq.data.perturbations.geometry import Movement
from tfuq.data.volume import Volume
from tfuq.errors import ConfigError, DataError


@dataclass(frozen=True)
class Subject:
    """A preprocessed case, with its label or its landmarks.

    Attributes:
        image: ``[X, Y, Z, C]``; a picture is ``[rows, columns, 1, C]``.
        label: ``[X, Y, Z]``.
        points: Landmarks ``[L, 2]`` (x, y) in the image's pixels.
        axis: The axis that planes are stacked along.
    """

    image: Volume
    label: Volume | None = None
    points: np.ndarray | None = None
    axis: int = 2

    @property
    def present_label(self) -> Volume:
        """The label of a subject that has one.

        Raises:
            DataError: It has none.
        """
        if self.label is None:
            raise DataError("a perturbed case has no label; perturb it with its label")
        return self.label

    @property
    def present_points(self) -> np.ndarray:
        """The landmarks ``[L, 2]`` of a subject that has some.

        Raises:
            DataError: It has none.
        """
        if self.points is None:
            raise DataError("a perturbed case has no landmarks; perturb it with its landmarks")
        return self.points

    @property
    def is_picture(self) -> bool:
        """Whether it is one plane, along axis 2."""
        return self.image.shape[2] == 1 and self.axis == 2

    @property
    def space(self) -> tuple[int, ...]:
        """The sizes along the axes in which things move: two of a picture, three of a volume."""
        rank = 2 if self.is_picture else 3
        return self.image.shape[:rank]

    @property
    def spacing(self) -> np.ndarray:
        """Size of a voxel along the axes of `space`."""
        return self.image.spacing[: len(self.space)]

    def with_values(self, array: np.ndarray) -> Subject:
        """The same anatomy with other intensities ``[X, Y, Z, C]``."""
        return replace(self, image=self.image.with_array(np.asarray(array, np.float32)))

    def moved(self, movement: Movement) -> Subject:
        """Move image, label and landmarks together."""
        label = self.label
        if label is not None:
            label = label.with_array(self._moved(movement, label.array, nearest=True))
        points = self.points
        if points is not None:
            points = movement.of_points(points)
        image = self.image.with_array(self._moved(movement, self.image.array, nearest=False))
        return replace(self, image=image, label=label, points=points)

    def _moved(self, movement: Movement, array: np.ndarray, *, nearest: bool) -> np.ndarray:
        if self.is_picture:
            return movement.of_array(array[:, :, 0], nearest=nearest)[:, :, None]
        return movement.of_array(array, nearest=nearest)


# Of a subject, a severity that is not 0, and a generator; of those that take it also a channel.
Apply = Callable[..., Subject]


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    """A perturbation.

    Attributes:
        name: Its name in `PERTURBATIONS`.
        severity: What a severity means, with its unit.
        axis: The same in a few words, as an axis of a figure has it.
        low: The smallest severity.
        high: The largest severity.
        apply: The function that perturbs a subject.
        tasks: The tasks that it serves.
        takes_channel: Whether it changes one channel of several.
    """

    name: str
    severity: str
    axis: str
    low: float
    high: float
    apply: Apply
    tasks: Collection[str] = TASKS
    takes_channel: bool = False

    def check(self, severity: float) -> float:
        """The severity, which must be in range.

        Raises:
            ConfigError: It is not.
        """
        if not self.low <= severity <= self.high:
            raise ConfigError(
                f"severity {severity:g} of {self.name}: "
                f"is not from {self.low:g} to {self.high:g}; it is {self.severity}"
            )
        return severity


PERTURBATIONS: Registry[Perturbation] = Registry("perturbation")


def perturbation(
    name: str,
    severity: str,
    *,
    axis: str,
    high: float,
    low: float = 0.0,
    tasks: Collection[str] = TASKS,
    takes_channel: bool = False,
) -> Callable[[Apply], Apply]:
    """Make a decorator that enters a function into `PERTURBATIONS`.

    Args:
        name: As in `Perturbation`, like the other arguments.
        severity: What a severity means, with its unit.
        axis: As in `Perturbation`.
        high: The largest severity.
        low: The smallest severity.
        tasks: The tasks that it serves.
        takes_channel: Whether it changes one channel of several.
    """

    def enter(apply: Apply) -> Apply:
        entry = Perturbation(
            name=name,
            severity=severity,
            axis=axis,
            low=low,
            high=high,
            apply=apply,
            tasks=tasks,
            takes_channel=takes_channel,
        )
        PERTURBATIONS.register(name)(entry)
        return apply

    return enter


def perturb(
    name: str,
    subject: Subject,
    severity: float,
    seed: int | list[int],
    *,
    channel: int = 0,
) -> Subject:
    """Perturb a subject.

    Args:
        name: The name of the perturbation.
        subject: The subject; it stays as it is.
        severity: In the unit of the perturbation.
        seed: With one seed, severities differ in degree alone.
        channel: The channel of a missing modality; other perturbations ignore it.

    Raises:
        ConfigError: No such perturbation, a severity out of range, or no such channel.
    """
    chosen = PERTURBATIONS[name]
    options = {}
    if chosen.takes_channel:
        channels = subject.image.array.shape[-1]
        options["channel"] = checked_channel(channel, channels)
    if not chosen.check(severity):
        return subject
    return chosen.apply(subject, severity, np.random.default_rng(seed), **options)


def checked_channel(channel: int, channels: int) -> int:
    """The number of a channel, which must be there and not the only one.

    Args:
        channel: The number, from 0.
        channels: How many there are.

    Raises:
        ConfigError: It is not there, or the only one.
    """
    if channels < 2:
        raise ConfigError(
            "missing-modality: the images have one channel, and without it nothing is left; "
            "choose another"
        )
    if not 0 <= channel < channels:
        raise ConfigError(
            f"channel {channel}: the images have channels 0 to {channels - 1}; choose one of them"
        )
    return channel


def case_seed(seed: int, case_id: str) -> list[int]:
    """A seed of its own for each case, whatever the others are."""
    return [seed, zlib.crc32(case_id.encode())]
