"""A slow reference of `tfuq.prediction.on_input`: maps of whole arrays of all classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.special import xlogy

from tfuq.data.orientation import Turn
from tfuq.data.preprocessing import from_examples
from tfuq.data.regridding import differ_by_whole_voxels
from tfuq.data.volume import Volume, take, turned
from tfuq.measures.catalogue import MEMBER_VARIANCES
from tfuq.runs.results import member_map
from tfuq.tasks.records import VoxelStatistics, gathered

SIDES = ("lower", "upper")


def maps_of(grid: WholeGrid, statistics: VoxelStatistics, names, weights=None, bounds=None):
    """Every map by name; arguments as of `tfuq.prediction.on_input.MapsOnInput`."""
    probability = grid.probabilities(statistics.probability)
    label = probability.with_array(probability.array.argmax(-1).astype(np.uint8))
    volumes = {"label": label, "probability": probability}
    volumes |= grid.uncertainty_maps(statistics, probability, names, several=len(names) > 1)
    if weights is not None:
        volumes |= grid.member_maps(statistics, weights)
    if bounds is None:
        return volumes
    uncalibrated = grid.probabilities(gathered(statistics.uncalibrated, "uncalibrated"))
    volumes["uncalibrated"] = uncalibrated
    return volumes | conformal_bounds(uncalibrated, bounds, [*bounds])


def whole_onto_grid(volume: Volume, reference: Volume, fill=0, nearest=False) -> Volume:
    """All channels together, with the place of every voxel in memory."""
    turn = Turn.onto(reference.affine, volume.affine)
    grid = turned(reference, turn)
    mapping = np.linalg.solve(volume.affine, grid.affine)
    matrix, offset = mapping[:3, :3], mapping[:3, 3]
    if differ_by_whole_voxels(volume, reference):
        array = take(volume, np.rint(offset), grid.shape, fill).array
    else:
        array = _interpolate(volume, grid, matrix, offset, fill, nearest)
    return reference.with_array(turn.back.array(array))


def _interpolate(volume, grid, matrix, offset, fill, nearest) -> np.ndarray:
    axes = np.meshgrid(*map(np.arange, grid.shape), indexing="ij")
    positions = np.stack(axes, -1) @ matrix.T + offset
    last = np.array(volume.shape) - 0.5 + 1e-4
    is_outside = ((positions < -0.5 - 1e-4) | (positions > last)).any(-1)
    is_map = volume.array.ndim == 3
    channels = volume.array[..., None] if is_map else volume.array
    resampled = []
    for index, value in enumerate(np.broadcast_to(fill, channels.shape[-1:])):
        inside = ndimage.affine_transform(
            channels[..., index],
            matrix,
            offset,
            grid.shape,
            order=0 if nearest else 1,
            mode="nearest",
        )
        resampled.append(np.where(is_outside, value, inside))
    array = np.stack(resampled, -1).astype(volume.array.dtype)
    return array[..., 0] if is_map else array


@dataclass(frozen=True, kw_only=True)
class WholeGrid:
    """Brings maps from the network's grid to that of the image.

    Attributes:
        image: The image as given.
        prepared: The image as the network takes it, without padding.
        slice_axis: The axis of the volume along which examples are stacked, if they are slices.
        classes: K, with the background.
    """

    image: Volume
    prepared: Volume
    slice_axis: int | None
    classes: int

    @property
    def copies_voxels(self) -> bool:
        return differ_by_whole_voxels(self.prepared, self.image)

    def bring(
        self,
        examples: np.ndarray,
        *,
        fill: float | np.ndarray = 0,
        nearest: bool = False,
    ) -> Volume:
        """Bring a map to the image's grid.

        Args:
            examples: The map as the network gives it, ``[n, *S, …]``.
            fill: The value outside of what the network saw.
            nearest: Whether each voxel has the value of the nearest one, instead of interpolating.
        """
        array = from_examples(examples, self.slice_axis)
        on_grid = self.prepared.with_array(array)
        return whole_onto_grid(on_grid, self.image, fill, nearest)

    def probabilities(self, examples: np.ndarray) -> Volume:
        """Bring class probabilities ``[n, *S, K]``; what the network did not see is background."""
        background = np.eye(self.classes, dtype=np.float32)[0]
        return self.bring(examples, fill=background)

    def uncertainty_maps(
        self,
        statistics: VoxelStatistics,
        probability: Volume,
        names: Sequence[str],
        *,
        several: bool,
    ) -> dict[str, Volume]:
        """The uncertainty maps.

        Where voxels are copied they are those of the graph. Elsewhere they are made after
        interpolation.

        Args:
            statistics: Those of the samples on the network's grid.
            probability: The mean of the samples on the image's grid.
            names: The names of the maps.
            several: Whether there is more than one sample.
        """
        if self.copies_voxels:
            on_grid = statistics.maps(names)
            return {name: self.bring(examples) for name, examples in on_grid.items()}

        def onto(array: np.ndarray, *, nearest: bool = False) -> np.ndarray:
            return self.bring(array, nearest=nearest).array

        maps = resampled_maps(statistics.arrays(), probability.array, onto, several=several)
        return {name: probability.with_array(maps[name]) for name in names}

    def member_maps(self, statistics: VoxelStatistics, weights: np.ndarray) -> dict[str, Volume]:
        """Each member's probabilities, and the parts of the variance.

        Args:
            statistics: Those of the samples on the network's grid.
            weights: Each member's share of the samples, ``[M]``.
        """
        by_member = np.moveaxis(gathered(statistics.members, "members"), 1, 0)
        members = [self.probabilities(examples) for examples in by_member]
        between, within = map(self.bring, statistics.maps(MEMBER_VARIANCES).values())
        if not self.copies_voxels:
            arrays = [member.array for member in members]
            between = between.with_array(between_members(arrays, weights))
        volumes = {}
        for number, member in enumerate(members):
            volumes[member_map(number)] = member
        variances = zip(MEMBER_VARIANCES, (between, within), strict=True)
        return volumes | dict(variances)


def conformal_bounds(
    uncalibrated: Volume,
    bounds: Mapping[str, Mapping[str, float]],
    classes: Sequence[str],
) -> dict[str, Volume]:
    """``label_lower`` and ``label_upper``, with a channel for each of several foreground classes.

    They are made of the probabilities before scaling. Scaling may be fitted on the cases that give
    the thresholds, and a promise must not depend on it.

    Args:
        uncalibrated: The probabilities before scaling, ``[X, Y, Z, K]``.
        bounds: The ``lower`` and the ``upper`` threshold by class.
        classes: The names of the foreground classes.

    Returns:
        Masks of 0 and 1, uint8.
    """
    volumes = {}
    for side in SIDES:
        masks = []
        for k, name in enumerate(classes, start=1):
            masks.append(uncalibrated.array[..., k] >= bounds[name][side])
        stacked = np.stack(masks, -1).astype(np.uint8)
        if len(masks) == 1:
            stacked = stacked[..., 0]
        volumes[f"label_{side}"] = uncalibrated.with_array(stacked)
    return volumes


def resampled_maps(
    maps: Mapping[str, np.ndarray],
    probability: np.ndarray,
    onto,
    *,
    several: bool,
) -> dict[str, np.ndarray]:
    """The uncertainty maps that belong to a probability on a new grid.

    Beside the maps that are returned, a few arrays of one channel are in memory at a time.

    Args:
        maps: on the network's grid, by name: the maps that `tfuq.measures.voxel.voxel_maps` makes,
            and ``variance [X, Y, Z, K]``.
        probability: the mean of the samples on the new grid, ``[X', Y', Z', K]``.
        onto: brings an array from the network's grid to the new one.
        several: whether there are samples to compare. If not, there is predictive entropy alone.

    Returns:
        Maps ``[X', Y', Z']`` by the names of `tfuq.measures.catalogue.OF_VOXELS`; entropies and
        mutual information are in nat.
    """
    predictive = entropy(probability)
    if not several:
        return {"predictive_entropy": predictive}
    # Rounding alone could make it larger than predictive entropy.
    mutual = np.minimum(onto(maps["mutual_information"]), predictive)
    label = probability.argmax(-1)
    return {
        "predictive_entropy": predictive,
        "expected_entropy": predictive - mutual,
        "mutual_information": mutual,
        "variation_ratio": onto(maps["variation_ratio"], nearest=True),
        "standard_deviation": _deviation_of_label(maps["variance"], label, onto),
    }


def entropy(p: np.ndarray) -> np.ndarray:
    """H[p] over the last axis, in nat.

    It adds class by class, so that there is no second array of all classes.
    """
    total = np.zeros(p.shape[:-1], p.dtype)
    for k in range(p.shape[-1]):
        q = np.clip(p[..., k], 0, 1)  # it may have been rounded to just beyond
        total -= xlogy(q, q)
    return total + 0.0  # no -0


def between_members(members: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Variance of the members' probabilities about their mean, averaged over classes.

    Args:
        members: each member's probabilities ``[*S, K]``.
        weights: each member's share of the samples, ``[M]``; they add up to 1.

    Returns:
        ``[*S]``.
    """
    shape = members[0].shape
    classes = shape[-1]
    total = np.zeros(shape[:-1], members[0].dtype)
    for k in range(classes):
        probabilities = [member[..., k] for member in members]
        centre = _weighted_sum(probabilities, weights)
        squares = [np.square(p - centre) for p in probabilities]
        total += _weighted_sum(squares, weights)
    mean: np.ndarray = total / classes
    return mean


def _weighted_sum(arrays: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    total: np.ndarray = weights[0] * arrays[0]
    for weight, array in zip(weights[1:], arrays[1:], strict=True):
        total = total + weight * array
    return total


def _deviation_of_label(variance: np.ndarray, label: np.ndarray, onto) -> np.ndarray:
    """Standard deviation, on the new grid, of the class that the label has there."""
    of_label = np.zeros(label.shape, variance.dtype)
    for k in np.unique(label):
        of_class = onto(variance[..., k])
        of_label = np.where(label == k, of_class, of_label)
    return np.sqrt(of_label)
