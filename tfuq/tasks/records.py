"""What a prediction knows of its samples: a record for each task.

The sampling graph returns tensors by name. Where they come out of it, in this process or in a
server's reply, `ExampleStatistics.of` makes a record of them. From there on each array is an
attribute: what is measured, written, calibrated and compared is taken from the record.

Axes: n examples (images, slices or volumes as the network takes them), ``*S`` their pixels or
voxels, T samples, M members, K classes, of which a binary network has two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import ClassVar, TypeVar

import numpy as np
import tensorflow as tf

from tfuq.data.preprocessing import Box
from tfuq.errors import RunError
from tfuq.measures.sample_masks import crop_packed

S = TypeVar("S", bound="ExampleStatistics")
A = TypeVar("A")


@dataclass(frozen=True, kw_only=True)
class ExampleStatistics(ABC):
    """Statistics of the samples of n examples, an array for each field.

    Attributes:
        on_demand: fields that only some predictions need.
    """

    on_demand: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of all fields."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def of(cls: type[S], statistics: Mapping[str, tf.Tensor | np.ndarray]) -> S:
        """Make the record of a batch.

        Args:
            statistics: what the sampling graph, or a server, returned by name, ``[n, …]`` each.

        Raises:
            RunError: a name is no field, or one that every prediction has is missing.
        """
        for field in fields(cls):
            if field.default is MISSING and field.name not in statistics:
                raise _other_statistics(cls, f"without '{field.name}'")
        for name in statistics:
            if name not in cls.names():
                raise _other_statistics(cls, f"with '{name}'")
        make: Callable[..., S] = cls
        return make(**{name: np.asarray(values) for name, values in statistics.items()})

    @classmethod
    def joined(cls: type[S], batches: Sequence[S]) -> S:
        """Join batches along their examples."""
        arrays = {}
        for name in batches[0].arrays():
            arrays[name] = np.concatenate([getattr(batch, name) for batch in batches])
        make: Callable[..., S] = cls
        return make(**arrays)

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that there are, by the names of their fields."""
        arrays = {}
        for name in self.names():
            values = getattr(self, name)
            if values is not None:
                arrays[name] = values
        return arrays

    def example(self: S, index: int) -> S:
        """The statistics of one example, without the first axis.

        Args:
            index: of the example.
        """
        return replace(self, **{name: values[index] for name, values in self.arrays().items()})

    @property
    @abstractmethod
    def spread(self) -> np.ndarray:
        """How far the samples lie apart, ``[n, …]``; 0 where they are the same."""


@dataclass(frozen=True, kw_only=True)
class DistributionStatistics(ExampleStatistics):
    """Statistics of samples that are distributions over classes, float32.

    Attributes:
        probability: mean of the samples, or another combination of them, ``[n, *S, K]``.
        predictive_entropy: ``[n, *S]`` in nat.
        expected_entropy: ``[n, *S]`` in nat.
        mutual_information: ``[n, *S]`` in nat.
        variation_ratio: share of the samples that did not choose the class that most chose,
            ``[n, *S]``.
        standard_deviation: of the predicted class's probability, ``[n, *S]``.
        mean: mean of the samples, ``[n, *S, K]``; None where the probability is that, or nothing is
            made of it.
        uncalibrated: mean of the samples before scaling, ``[n, *S, K]``; None where none is scaled.
        variance: over samples of each class's probability, ``[n, *S, K]``; of voxels None unless a
            map is made of it.
        picked: samples at m chosen voxels, ``[n, T, m, K]``, to fit a scaling on; None unless a
            calibration asked for them.
        members: mean of each member's samples, ``[n, M, *S, K]``; None where members are not kept
            apart, as both variances.
        between_member_variance: of the members' means, averaged over classes, ``[n, *S]``.
        within_member_variance: of samples about their member's mean, averaged over classes,
            ``[n, *S]``.
    """

    probability: np.ndarray
    predictive_entropy: np.ndarray
    expected_entropy: np.ndarray
    mutual_information: np.ndarray
    variation_ratio: np.ndarray
    standard_deviation: np.ndarray
    mean: np.ndarray | None = None
    uncalibrated: np.ndarray | None = None
    variance: np.ndarray | None = None
    picked: np.ndarray | None = None
    members: np.ndarray | None = None
    between_member_variance: np.ndarray | None = None
    within_member_variance: np.ndarray | None = None

    def maps(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Measures by name.

        Args:
            names: of `tfuq.measures.catalogue.OF_VOXELS` or `tfuq.measures.catalogue.OF_MEMBERS`.
        """
        arrays = self.arrays()
        return {name: arrays[name] for name in names}

    @property
    def spread(self) -> np.ndarray:
        """See `ExampleStatistics.spread`."""
        return self.standard_deviation


@dataclass(frozen=True, kw_only=True)
class VoxelStatistics(DistributionStatistics):
    """Statistics of a segmentation; ``*S`` are the voxels of a volume or the pixels of a slice.

    Attributes:
        masks: every sample's mask of every foreground class, a bit per voxel, uint8
            ``[n, T, K − 1, ⌈voxels / 8⌉]``, see `tfuq.measures.sample_masks`.
        entropy_terms: mean over samples of −p log p of each class, ``[n, *S, K]`` in nat.
        region_entropy_terms: the same of each of R regions, ``[n, *S, R]`` in nat; None without
            regions.
    """

    on_demand: ClassVar[tuple[str, ...]] = ("mean", "variance")

    masks: np.ndarray
    entropy_terms: np.ndarray
    region_entropy_terms: np.ndarray | None = None

    def cropped(self, shape: Sequence[int], box: Box) -> VoxelStatistics:
        """The statistics in a box of each example; samples at chosen voxels stay as they are.

        Args:
            shape: of an example.
            box: a slice for each axis of an example.
        """
        arrays = self.arrays()
        of_voxels = arrays.keys() - {"masks", "picked", "members"}
        cropped = {name: arrays[name][(slice(None), *box)] for name in of_voxels}
        cropped["masks"] = crop_packed(self.masks, shape, box)
        if self.members is not None:
            all_members = slice(None)
            cropped["members"] = self.members[(slice(None), all_members, *box)]
        return replace(self, **cropped)


@dataclass(frozen=True, kw_only=True)
class ClassStatistics(DistributionStatistics):
    """Statistics of a classification: an example has one distribution, so ``*S`` is no axis.

    Attributes:
        votes: share of the samples that chose each class, float32 ``[n, K]``.
    """

    on_demand: ClassVar[tuple[str, ...]] = ("mean",)

    votes: np.ndarray


@dataclass(frozen=True, kw_only=True)
class LandmarkStatistics(ExampleStatistics):
    """Samples of L landmarks.

    Attributes:
        landmarks: x and y in pixels of the network's input, and the maximum of the heatmap, float32
            ``[n, T, L, 3]``; of a heteroscedastic network a fourth, the logarithm of the variance
            along an axis in pixels².
    """

    landmarks: np.ndarray

    @property
    def spread(self) -> np.ndarray:
        """The range of each number over the samples."""
        ranges: np.ndarray = np.ptp(self.landmarks, axis=1)
        return ranges


def _other_statistics(record: type[ExampleStatistics], problem: str) -> RunError:
    return RunError(
        f"samples came {problem}, unlike {record.__name__} of this version of tfuq; "
        "export again if a server sent them"
    )


def gathered(array: A | None, name: str) -> A:
    """A field that the prediction at hand needs.

    Args:
        array: the field, such as an array of a record.
        name: of the field.

    Raises:
        RunError: there is none.
    """
    if array is None:
        raise RunError(
            f"samples came without '{name}', which this prediction needs; "
            "export again with this version of tfuq"
        )
    return array
