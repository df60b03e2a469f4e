"""What every perturbation is, and the table of them all."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from tfuq.config import TASKS
from tfuq.data.perturbations.geometry import Movement
from tfuq.data.volume import Volume
from tfuq.errors import ConfigError
from tfuq.registry import Registry


@dataclass(frozen=True)
class Subject:
    """A preprocessed case: ``image [X, Y, Z, C]`` (of a picture rows, columns, 1) with its ``label [X, Y, Z]`` or its
    landmarks ``points [L, 2]`` (x, y) in its pixels. ``axis`` is the one that planes are stacked along."""

    image: Volume
    label: Volume | None = None
    points: np.ndarray | None = None
    axis: int = 2

    @property
    def is_picture(self) -> bool:
        """Whether it is one plane, along axis 2."""
        return self.image.shape[2] == 1 and self.axis == 2

    @property
    def space(self) -> tuple[int, ...]:
        """The sizes along the axes in which things move: two of a picture, three of a volume."""
        return self.image.shape[: 2 if self.is_picture else 3]

    @property
    def spacing(self) -> np.ndarray:
        """Size of a voxel along the axes of `space`."""
        return self.image.spacing[: len(self.space)]

    def with_values(self, array: np.ndarray) -> Subject:
        """The same anatomy with other intensities."""
        return replace(self, image=self.image.with_array(np.asarray(array, np.float32)))

    def moved(self, movement: Movement) -> Subject:
        """Image, label and landmarks, moved together."""
        label = self.label and self.label.with_array(self._moved(movement, self.label.array, nearest=True))
        points = None if self.points is None else movement.of_points(self.points)
        image = self.image.with_array(self._moved(movement, self.image.array, nearest=False))
        return replace(self, image=image, label=label, points=points)

    def _moved(self, movement: Movement, array: np.ndarray, *, nearest: bool) -> np.ndarray:
        if self.is_picture:
            return movement.of_array(array[:, :, 0], nearest=nearest)[:, :, None]
        return movement.of_array(array, nearest=nearest)


Apply = Callable[..., Subject]  # of a subject, a severity that is not 0, a generator; of those that take it also a channel


@dataclass(frozen=True)
class Perturbation:
    """``severity`` says what it means, with its unit; it lies from ``low`` to ``high``. ``tasks`` are those it serves."""

    name: str
    severity: str
    low: float
    high: float
    apply: Apply
    tasks: Collection[str] = TASKS
    takes_channel: bool = False

    def check(self, severity: float) -> float:
        """The severity, which must be in range.

        Raises:
            ConfigError: it is not.
        """
        if not self.low <= severity <= self.high:
            raise ConfigError(
                f"severity {severity:g} of {self.name}: is not from {self.low:g} to {self.high:g}; it is {self.severity}"
            )
        return severity


PERTURBATIONS: Registry[Perturbation] = Registry("perturbation")


def perturbation(name: str, severity: str, *, high: float, low: float = 0.0, **further) -> Callable[[Apply], Apply]:
    """Decorator that enters a function into `PERTURBATIONS`."""

    def enter(apply: Apply) -> Apply:
        PERTURBATIONS.register(name)(Perturbation(name, severity, low, high, apply, **further))
        return apply

    return enter


def perturb(name: str, subject: Subject, severity: float, seed: int | list[int], *, channel: int = 0) -> Subject:
    """The subject at a severity; of one seed, severities differ in degree alone. ``channel`` is that of a missing modality.

    Raises:
        ConfigError: no such perturbation, a severity out of range, or no such channel.
    """
    chosen = PERTURBATIONS[name]
    further = {"channel": checked_channel(channel, subject.image.array.shape[-1])} if chosen.takes_channel else {}
    if not chosen.check(severity):
        return subject
    return chosen.apply(subject, severity, np.random.default_rng(seed), **further)


def checked_channel(channel: int, channels: int) -> int:
    """The number of a channel, which must be there and not the only one.

    Raises:
        ConfigError: it is not.
    """
    if channels < 2:
        raise ConfigError("missing-modality: the images have one channel, and without it nothing is left; choose another")
    if not 0 <= channel < channels:
        raise ConfigError(f"channel {channel}: the images have channels 0 to {channels - 1}; choose one of them")
    return channel


def case_seed(seed: int, case_id: str) -> list[int]:
    """A seed of its own for each case, whatever the others are."""
    return [seed, zlib.crc32(case_id.encode())]
