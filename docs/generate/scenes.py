"""Made samples of structures whose uncertainty is known, for pictures of the measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from tests.support.reducing import reduce_all
from tfuq.measures.sample_masks import SampleMasks
from tfuq.measures.structure import ClassMaps, ImageMaps, structure_rows
from tfuq.measures.variances import variance_parts
from tfuq.measures.voxel import voxel_maps, voxel_reducers

SAMPLES = 20
MEMBERS = 4  # of an ensemble, with as many samples each
SIDE = 48  # pixels of a scene
RADIUS = 12.45  # pixels, of a structure
_SHARP = 0.01  # pixels over which the border of a structure goes from 1 to 0
_BLURRED = 3.0
_WITH_STRUCTURE = 12  # of the samples, in the scene where others have none
Disc = tuple[float, float, float]  # row and column of the centre, radius, in pixels


@dataclass(frozen=True)
class Scene:
    """Samples of one structure.

    Attributes:
        says: What the samples have in common, in words.
        samples: Each sample's probability of the structure, ``[T, X, Y]``.
    """

    says: str
    samples: np.ndarray

    @cached_property
    def _statistics(self) -> Mapping[str, np.ndarray]:
        both = np.stack([1 - self.samples, self.samples], -1)
        statistics = reduce_all(both[:, None], voxel_reducers())
        return {name: value.numpy()[0] for name, value in statistics.items()}

    @cached_property
    def maps(self) -> Mapping[str, np.ndarray]:
        """Each map ``[X, Y]`` by the name of its measure, as tfuq computes it."""
        statistics = self._statistics
        maps = {name: np.asarray(values) for name, values in voxel_maps(dict(statistics)).items()}
        probability = maps.pop("probability")
        maps |= variance_parts(probability, statistics["variance"])
        members = self.samples.reshape(MEMBERS, -1, *self.samples.shape[1:])
        maps["between_member_variance"] = members.mean(1).var(0)
        maps["within_member_variance"] = members.var(1).mean(0)
        return maps

    @property
    def label(self) -> np.ndarray:
        """The predicted structure, bool ``[X, Y]``."""
        is_structure: np.ndarray = self.samples.mean(0) > 0.5
        return is_structure

    @cached_property
    def structure(self) -> Mapping[str, float]:
        """The row of ``structures.csv`` that tfuq writes of the structure."""
        volumes = {name: values[..., None] for name, values in self.maps.items()}
        image = ImageMaps(
            predictive_entropy=volumes["predictive_entropy"],
            mutual_information=volumes["mutual_information"],
            voxel_volume=1.0,
        )
        term = self._statistics["entropy_terms"][..., 1]
        maps = ClassMaps(
            label=self.label[..., None],
            masks=self._masks,
            entropy_term=term[..., None],
            image=image,
        )
        return structure_rows(maps, min_component_voxels=1)[0]

    @property
    def _masks(self) -> SampleMasks:
        bits = (self.samples > 0.5).reshape(1, len(self.samples), 1, -1)
        packed = np.packbits(bits, axis=-1, bitorder="little")
        shape = (*self.samples.shape[1:], 1)
        return SampleMasks.of_classes(packed, [1], shape, None)


def _disc(disc: Disc, softness: float) -> np.ndarray:
    row, column, radius = disc
    rows, columns = np.indices((SIDE, SIDE))
    distance = np.hypot(rows - row, columns - column)
    steepness = np.clip((distance - radius) / softness, -50, 50)
    return 1 / (1 + np.exp(steepness))


def _scene(says: str, disc_of: Callable[[int], Disc], softness: float = _SHARP) -> Scene:
    samples = [_disc(disc_of(sample), softness) for sample in range(SAMPLES)]
    return Scene(says, np.array(samples))


def _seen_by_some(says: str, radius: float) -> Scene:
    samples = np.zeros((SAMPLES, SIDE, SIDE))
    samples[:_WITH_STRUCTURE] = _disc((SIDE / 2, SIDE / 2, radius), _SHARP)
    return Scene(says, samples)


@cache
def scenes() -> Mapping[str, Scene]:
    """The scenes by name; everything random in them has a fixed seed."""
    middle = SIDE / 2
    moves = np.random.default_rng(1).normal(0, 2.5, (SAMPLES, 2))
    sizes = np.random.default_rng(2).normal(0, 2.5, SAMPLES)
    return {
        "agree": _scene("all samples agree", lambda _: (middle, middle, RADIUS)),
        "blurred": _scene(
            "each sample has the same blurred border", lambda _: (middle, middle, RADIUS), _BLURRED
        ),
        "moved": _scene(
            "samples of one size lie apart",
            lambda t: (middle + moves[t, 0], middle + moves[t, 1], RADIUS),
        ),
        "resized": _scene(
            "samples differ in size", lambda t: (middle, middle, max(RADIUS + sizes[t], 2.0))
        ),
        "some": _seen_by_some("12 of 20 samples see the structure", RADIUS),
        "spot": _seen_by_some("12 of 20 samples see a small structure", RADIUS / 4),
    }


def mosaic(four: list[Scene]) -> Scene:
    """Four scenes in one picture, as 1 2 above 3 4."""
    samples = [scene.samples for scene in four]
    above = np.concatenate(samples[:2], 2)
    below = np.concatenate(samples[2:], 2)
    says = "; ".join(f"{number}: {scene.says}" for number, scene in enumerate(four, 1))
    return Scene(says, np.concatenate([above, below], 1))
