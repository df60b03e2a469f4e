"""Scores of one case's maps: calibration over voxels, errors found, and numbers of each map.

Files of a large scan are gone through once, and never at hand as a whole: probabilities class by
class, maps of uncertainty one by one. See `tfuq.scoring.voxel_scores`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from tfuq.data.lazy_arrays import LazyArrays
from tfuq.data.preprocessing import PADDING
from tfuq.data.readers.nifti_blocks import BLOCK, Block
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import MAXIMUM_PROBABILITY, of_map
from tfuq.scoring.aggregation import boundary_band, image_level
from tfuq.scoring.auroc import area_under_roc
from tfuq.scoring.calibration import Bins, adaptive_gap_in_order
from tfuq.scoring.components import Components, components_of
from tfuq.scoring.evaluation.aggregated import Aggregated
from tfuq.scoring.evaluation.stored_maps import StoredProbability, open_map, read_map
from tfuq.scoring.rows import Row
from tfuq.scoring.voxel_scores import LargestProbability, VoxelSums

_PLANES = 8  # of a volume that are turned at once


class Probability(Protocol):
    """Probabilities ``[X, Y, Z, K]`` that are gone through block after block."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array."""

    @property
    def dtype(self) -> np.dtype:
        """Of the array."""

    def blocks(self) -> Iterator[Block]:
        """One block after another, all of a class before those of the next."""


@dataclass(frozen=True, kw_only=True)
class _OfProbability:
    """What the probabilities say.

    Attributes:
        errors: of calibration, by name.
        reliability: voxels by confidence.
        mean: of the largest probability.
        component_means: of the largest probability, ``[components]``.
    """

    errors: dict[str, float]
    reliability: Bins
    mean: float
    component_means: np.ndarray


@dataclass(frozen=True, kw_only=True)
class _OfMap:
    """What a map of uncertainty says.

    Attributes:
        auroc: for wrong voxels; None where all or none are wrong.
        levels: numbers of the image by column.
        component_means: ``[components]``.
        about_structures: numbers about each structure by column; of none unless asked for.
    """

    auroc: float | None
    levels: Row
    component_means: np.ndarray
    about_structures: dict[str, Row]


@dataclass(frozen=True, kw_only=True)
class CaseMaps:
    """A predicted case and its reference.

    Voxels of which the reference says nothing count for nothing.

    Attributes:
        label: predicted classes ``[X, Y, Z]``.
        truth: true classes ``[X, Y, Z]``, `PADDING` where nothing is known.
        probability: ``[X, Y, Z, K]``, or what has it where it is not in memory.
        maps: of uncertainty, ``[X, Y, Z]`` by name; read when they are asked for.
        aggregated: makes further numbers of the maps; None where none are asked for.
    """

    label: np.ndarray
    truth: np.ndarray
    probability: np.ndarray | Probability
    maps: Mapping[str, np.ndarray]
    aggregated: Aggregated | None = None

    @property
    def _classes(self) -> int:
        classes: int = self.probability.shape[-1]
        return classes

    @cached_property
    def known(self) -> np.ndarray | None:
        """Where the reference is known, ``[X, Y, Z]`` bool; None where it is everywhere."""
        is_known: np.ndarray = self.truth != PADDING
        return None if is_known.all() else is_known

    @property
    def known_voxels(self) -> int:
        """How many voxels' reference is known."""
        if self.known is None:
            return self.truth.size
        return int(np.count_nonzero(self.known))

    @property
    def accuracy(self) -> float:
        """The share of the voxels whose class is right."""
        return float(self.of_known(self.label == self.truth).mean())

    def of_known(self, values: np.ndarray) -> np.ndarray:
        """Values ``[X, Y, Z, …]`` of the voxels whose reference is known, ``[n, …]``."""
        if self.known is None:
            return values.reshape(-1, *values.shape[3:])
        chosen: np.ndarray = values[self.known]
        return chosen

    @cached_property
    def _of_probability(self) -> _OfProbability:
        """All that the probabilities say, of which each is looked at once."""
        truth = _flat(self.truth)
        known = None if self.known is None else _flat(self.known)
        everywhere = VoxelSums(truth, known)
        nearby = VoxelSums(truth, _flat(boundary_band(self.truth, self.known)))
        largest = LargestProbability(truth.size, self.probability.dtype)
        for block in _blocks(self.probability):
            largest.add(block.channel, block.place, block.values)
            everywhere.add(block.channel, block.place, block.values)
            nearby.add(block.channel, block.place, block.values)
        reliability = everywhere.reliability(largest)
        errors = everywhere.errors(reliability)
        errors["ece_classwise"] = everywhere.classwise_error()
        confidence = everywhere.of_chosen(largest.values)
        errors["ece_adaptive"] = adaptive_gap_in_order(confidence, self._in_array_order(largest))
        errors["mce"] = float(reliability.gaps().max())
        if nearby.voxels:
            of_boundary = nearby.errors(nearby.reliability(largest))
            errors |= {f"{name}_boundary": value for name, value in of_boundary.items()}
        return _OfProbability(
            errors=errors,
            reliability=reliability,
            mean=float(everywhere.of_chosen(largest.values).mean(dtype=np.float64)),
            component_means=self._components.means(largest.values),
        )

    def _in_array_order(
        self, largest: LargestProbability
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Confidences of known voxels and whether they came true, the last axis first."""
        shape = self.truth.shape
        values = largest.values.reshape(shape, order="F")
        classes = largest.classes.reshape(shape, order="F")
        for start in range(0, shape[0], _PLANES):
            planes = slice(start, start + _PLANES)
            is_correct = (classes[planes] == self.truth[planes]).ravel()
            confidence = values[planes].ravel()
            if self.known is not None:
                is_known = self.known[planes].ravel()
                is_correct = is_correct[is_known]
                confidence = confidence[is_known]
            yield confidence, is_correct

    @cached_property
    def _of_maps(self) -> dict[str, _OfMap]:
        """All that maps of uncertainty say by name, of which each is read once."""
        wrong = self._of_known_flat(self.label != self.truth)
        described = {}
        for name, values in self.maps.items():
            described[name] = _OfMap(
                auroc=area_under_roc(self._of_known_flat(values), wrong),
                levels=self._image_numbers(name, values),
                component_means=self._components.means(_flat(values)),
                about_structures=self._structure_numbers(name, values),
            )
        return described

    def _image_numbers(self, name: str, values: np.ndarray) -> Row:
        _, highest = of_map(name).bounds(self._classes)
        levels = image_level(values, highest, self.known)
        numbers: Row = {f"{kind}_{name}": value for kind, value in levels.items()}
        if self.aggregated is None:
            return numbers
        return numbers | self.aggregated.image_numbers(name, values, self.known)

    def _structure_numbers(self, name: str, values: np.ndarray) -> dict[str, Row]:
        if self.aggregated is None:
            return {}
        return self.aggregated.structure_numbers(name, values, self.known)

    def _of_known_flat(self, values: np.ndarray) -> np.ndarray:
        """Values ``[X, Y, Z]`` of the voxels whose reference is known, the first axis first."""
        if self.known is None:
            return _flat(values)
        chosen: np.ndarray = _flat(values)[_flat(self.known)]
        return chosen

    @cached_property
    def _components(self) -> Components:
        label = self.label.astype(np.uint8, copy=False)
        if self.known is not None:
            label = np.where(self.known, label, 0).astype(np.uint8)
        return components_of(label, self._classes)

    def scores(self) -> dict[str, float | None]:
        """Calibration, and AUROC of each map for wrong voxels.

        Calibration is over all voxels, and within two voxels of a boundary of the reference.
        """
        scores: dict[str, float | None] = {**self._of_probability.errors}
        for name, described in self._of_maps.items():
            scores[f"auroc_{name}"] = described.auroc
        return scores

    def reliability(self) -> Bins:
        """Voxels by confidence."""
        return self._of_probability.reliability

    def confidences(self) -> Row:
        """Numbers of the image.

        They are the mean of the largest probabilities, `tfuq.scoring.aggregation.image_level` of
        each map, and those that are asked for.
        """
        numbers: Row = {MAXIMUM_PROBABILITY.name: self._of_probability.mean}
        for described in self._of_maps.values():
            numbers |= described.levels
        return numbers

    def about_structures(self, structure: str) -> Row:
        """The numbers about a structure that are asked for."""
        numbers: Row = {}
        for described in self._of_maps.values():
            numbers |= described.about_structures.get(structure, {})
        return numbers

    def components(self, names: Sequence[str]) -> list[Row]:
        """Connected components of each class, see `tfuq.scoring.components.Components.rows`.

        Args:
            names: of all K classes; the first has no components.
        """
        means = {MAXIMUM_PROBABILITY.name: self._of_probability.component_means}
        for name, described in self._of_maps.items():
            means[name] = described.component_means
        is_right = _flat(self.label == self.truth)
        return self._components.rows(names, self._components.sums(is_right), means)


def _flat(array: np.ndarray) -> np.ndarray:
    """The voxels ``[X, Y, Z]`` as they lie in files, the first axis first."""
    return array.ravel(order="F")


def _blocks(probability: np.ndarray | Probability) -> Iterable[Block]:
    if isinstance(probability, np.ndarray):
        return blocks_of(np.moveaxis(probability, -1, 0))
    return probability.blocks()


def blocks_of(channels: Iterable[np.ndarray]) -> Iterator[Block]:
    """The blocks of channels ``[X, Y, Z]`` that are in memory one after another."""
    for number, values in enumerate(channels):
        flat = _flat(values)
        for start in range(0, flat.size, BLOCK):
            yield Block(channel=number, start=start, values=flat[start : start + BLOCK])


def read_maps(
    folder: Path,
    predicted: Volume,
    truth: np.ndarray,
    names: Sequence[str],
    classes: int,
    probability: str = "probability",
) -> CaseMaps:
    """Open a case's probabilities and maps of uncertainty.

    Their voxels are read when they are needed, and refused then as `read_map` does.

    Args:
        folder: of the case.
        predicted: its label map ``[X, Y, Z]``.
        truth: true classes ``[X, Y, Z]``.
        names: of the maps.
        classes: K.
        probability: name of the file of the probabilities.

    Raises:
        DataError: one is missing, or not on the label's grid.
    """
    file = open_map(folder / f"{probability}.nii.gz", predicted, (classes,))
    most = float(np.log(classes))
    for name in names:
        open_map(folder / f"{name}.nii.gz", predicted)

    def read_of_name(name: str) -> np.ndarray:
        return read_map(folder / f"{name}.nii.gz", predicted, most)

    return CaseMaps(
        label=predicted.array.astype(np.uint8, copy=False),
        truth=truth,
        probability=StoredProbability(file=file),
        maps=LazyArrays(names, read_of_name),
    )
