"""Maps of a case on the grid of its image as given, one channel at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from tfuq.data.regridding import Regridding
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import MEMBER_VARIANCES, VARIANCES
from tfuq.measures.resampled import (
    RunningBetweenMembers,
    RunningEntropy,
    RunningLabel,
    deviation_of_label,
)
from tfuq.measures.variances import RunningVariances
from tfuq.prediction.request import LABEL, PROBABILITY
from tfuq.prediction.voxel_channels import MEAN, VoxelChannels
from tfuq.runs.results import member_map

Side = Literal["lower", "upper"]
Bounds = Mapping[str, Mapping[Side, float]]
_SIDES: tuple[Side, ...] = ("lower", "upper")


@dataclass(frozen=True, kw_only=True)
class MapChannel:
    """A map, or a channel of it, on the image's grid.

    Attributes:
        name: Of the map.
        values: ``[X, Y, Z]``.
        channels: How many the map has; None of a scalar map. They come in their order.
    """

    name: str
    values: np.ndarray
    channels: int | None = None


@dataclass(frozen=True, kw_only=True)
class InputGrid:
    """Brings maps from the network's grid to that of the image.

    Attributes:
        image: The image as given.
        prepared: The image as the network takes it, without padding.
    """

    image: Volume
    prepared: Volume

    @property
    def copies_voxels(self) -> bool:
        """Whether both grids have the same voxels, so that nothing is interpolated."""
        return self._regridding.copies_voxels

    @cached_property
    def _regridding(self) -> Regridding:
        return Regridding(self.prepared, self.image)

    def bring(self, values: np.ndarray, *, fill: float = 0, nearest: bool = False) -> np.ndarray:
        """Bring a scalar map to the image's grid.

        Args:
            values: On the network's grid, ``[X, Y, Z]``.
            fill: The value outside of what the network saw.
            nearest: Whether each voxel has the value of the nearest one, instead of interpolating.
        """
        return self._regridding.bring(values, fill=fill, nearest=nearest)

    def probability(self, values: np.ndarray, k: int) -> np.ndarray:
        """Bring the probability of class k; what the network did not see is background."""
        return self.bring(values, fill=float(k == 0))


@dataclass(frozen=True, kw_only=True)
class MapsOnInput:
    """The maps of a case on the grid of its image.

    Attributes:
        channels: What the samples say on the network's grid.
        grid: The way to the image's grid.
        classes: The names of the classes, with the background.
        maps: The names of the maps of uncertainty.
        writes_probability: Whether there is ``probability`` too.
        member_weights: Each member's share of the samples, ``[M]``; None where members are not kept
            apart.
        bounds: The conformal ``lower`` and ``upper`` threshold by class; None without calibration.
    """

    channels: VoxelChannels
    grid: InputGrid
    classes: Sequence[str]
    maps: Sequence[str]
    writes_probability: bool = True
    member_weights: np.ndarray | None = None
    bounds: Bounds | None = None

    def __iter__(self) -> Iterator[MapChannel]:
        """Make the maps one channel after another; maps of several channels may take turns."""
        label, predictive = yield from self._probabilities()
        yield MapChannel(name=LABEL, values=label)
        maps = [name for name in self.maps if name not in VARIANCES]
        if self.grid.copies_voxels:
            yield from self._copied_maps(maps)
        elif predictive is not None:
            yield from self._resampled_maps(maps, label, predictive)
        yield from self._variances()
        if self.member_weights is not None:
            yield from self._member_maps(self.member_weights)
        if self.bounds is not None:
            yield from self._uncalibrated(self.bounds)

    def _probability(self, k: int, name: str, *member: int) -> np.ndarray:
        return self.grid.probability(self.channels.channel(name, *member, k), k)

    @property
    def _mean(self) -> str:
        """The field that has the mean of the samples."""
        return MEAN if MEAN in self.channels.names else PROBABILITY

    def _probabilities(self) -> Generator[MapChannel, None, tuple[np.ndarray, np.ndarray | None]]:
        """Make ``probability``; give back the label, and the entropy where maps are resampled."""
        label = RunningLabel(self.grid.image.shape)
        entropy = RunningEntropy(self.grid.image.shape)
        is_resampled = bool(self.maps) and not self.grid.copies_voxels
        for k in range(len(self.classes)):
            p = self._probability(k, PROBABILITY)
            if self.writes_probability:
                yield MapChannel(name=PROBABILITY, values=p, channels=len(self.classes))
            label.add(k, p)
            if is_resampled:
                entropy.add(p if self._mean == PROBABILITY else self._probability(k, self._mean))
            del p  # it need not be in memory while the next one is made
        if not is_resampled:
            return label.label, None
        return label.label, entropy.entropy

    def _copied_maps(self, names: Sequence[str]) -> Iterator[MapChannel]:
        for name in names:
            yield MapChannel(name=name, values=self.grid.bring(self.channels.channel(name)))

    def _resampled_maps(
        self, names: Sequence[str], label: np.ndarray, predictive: np.ndarray
    ) -> Iterator[MapChannel]:
        """Make maps of means that are interpolated, see `tfuq.measures.resampled`."""
        for name in names:
            yield MapChannel(name=name, values=self._resampled_map(name, label, predictive))

    def _resampled_map(self, name: str, label: np.ndarray, predictive: np.ndarray) -> np.ndarray:
        if name == "predictive_entropy":
            return predictive
        if name == "standard_deviation":
            return deviation_of_label(self._variance, label)
        if name == "variation_ratio":
            return self.grid.bring(self.channels.channel(name), nearest=True)
        brought = self.grid.bring(self.channels.channel("mutual_information"))
        # Rounding alone could make it larger than predictive entropy.
        mutual: np.ndarray = np.minimum(brought, predictive)
        if name == "mutual_information":
            return mutual
        expected: np.ndarray = predictive - mutual
        return expected

    def _variance(self, k: int) -> np.ndarray:
        return self.grid.bring(self.channels.channel("variance", k))

    def _variances(self) -> Iterator[MapChannel]:
        """Make the parts of the variance, of means that are interpolated on another grid.

        As with entropies, what rises between two voxels that differ counts as aleatoric.
        """
        names = [name for name in VARIANCES if name in self.maps]
        if not names:
            return
        running = RunningVariances(self.grid.image.shape)
        for k in range(len(self.classes)):
            running.add(self._probability(k, self._mean), self._variance(k))
        parts = running.parts
        for name in names:
            yield MapChannel(name=name, values=parts[name])

    def _member_maps(self, weights: np.ndarray) -> Iterator[MapChannel]:
        """Make each member's probabilities, and the parts of the variance."""
        between = RunningBetweenMembers(weights, self.grid.image.shape)
        for k in range(len(self.classes)):
            members = [self._probability(k, "members", member) for member in range(len(weights))]
            for number, p in enumerate(members):
                name = member_map(number)
                yield MapChannel(name=name, values=p, channels=len(self.classes))
            if not self.grid.copies_voxels:
                between.add(members)
        if self.grid.copies_voxels:
            yield from self._copied_maps(MEMBER_VARIANCES)
            return
        between_name, *others = MEMBER_VARIANCES
        yield MapChannel(name=between_name, values=between.mean)
        yield from self._copied_maps(others)

    def _uncalibrated(self, bounds: Bounds) -> Iterator[MapChannel]:
        """Make ``uncalibrated``, and ``label_lower`` and ``label_upper``.

        The bounds are masks of 0 and 1, with a channel for each of several foreground classes. They
        are made of the probabilities before scaling. Scaling may be fitted on the cases that give
        the thresholds, and a promise must not depend on it.
        """
        count: int | None = len(self.classes) - 1
        if count == 1:
            count = None
        for k, name in enumerate(self.classes):
            p = self._probability(k, "uncalibrated")
            yield MapChannel(name="uncalibrated", values=p, channels=len(self.classes))
            if k == 0:
                continue
            for side in _SIDES:
                mask = (p >= bounds[name][side]).astype(np.uint8)
                yield MapChannel(name=f"label_{side}", values=mask, channels=count)


@dataclass(frozen=True, kw_only=True)
class HeldMaps:
    """Maps that are whole in memory.

    Attributes:
        volumes: By name.
    """

    volumes: Mapping[str, Volume]

    @classmethod
    def of(cls, maps: Iterable[MapChannel], image: Volume) -> HeldMaps:
        """Hold maps whole.

        Args:
            maps: One channel after another.
            image: Whose grid they are on.
        """
        arrays: dict[str, np.ndarray] = {}
        counts: Counter[str] = Counter()
        for channel in maps:
            name = channel.name
            if channel.channels is None:
                arrays[name] = channel.values
                continue
            if name not in arrays:
                shape = (*channel.values.shape, channel.channels)
                arrays[name] = np.empty(shape, channel.values.dtype)
            arrays[name][..., counts[name]] = channel.values
            counts[name] += 1
        return cls(volumes={name: image.with_array(array) for name, array in arrays.items()})

    def __iter__(self) -> Iterator[MapChannel]:
        """Give the maps one channel after another."""
        for name, volume in self.volumes.items():
            array = volume.array
            if array.ndim == 3:
                yield MapChannel(name=name, values=array)
                continue
            for k in range(array.shape[3]):
                yield MapChannel(name=name, values=array[..., k], channels=array.shape[3])
