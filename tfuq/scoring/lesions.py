"""Lesions of a reference that a prediction finds: connected components of both, paired.

A lesion is a connected component of a structure's reference, of voxels that touch by a face. A
predicted component *qualifies* for a lesion if both share a voxel, or, where a least IoU is asked
for, if their IoU is at least that. Of the qualified pairs, those of the largest IoU are taken
first, and each component and each lesion is in one pair at most. Of a pair, the lesion is *found*.
A predicted component that qualifies for no lesion is a *false positive*. One that qualifies for
lesions which others have found is a *duplicate*. It is neither found nor false, so that a lesion
predicted in two pieces costs nothing.

Others do it so: panoptica pairs one to one by a least IoU, the largest first, and counts duplicates
as false positives. LUNA16 ignores duplicates, as here. nnDetection pairs boxes one to one by a
least IoU of 0.1. BraTS-METS takes all that touches a dilated lesion as one prediction of it.

References:
    Kofler et al. 2023, Panoptica, arXiv:2312.02608.
    Setio et al. 2017, Medical Image Analysis 42 (LUNA16).
    Baumgartner et al. 2021, MICCAI (nnDetection).
    Moawad et al. 2023, arXiv:2306.00838 (BraTS-METS).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Detection:
    """How P predicted components and R lesions pair.

    Attributes:
        found_by: the number of the component that finds each lesion, from 1; 0 of a missed one,
            ``[R]``.
        iou: of each lesion with the component that finds it; 0 of a missed one, ``[R]``.
        overlap: the share of each lesion that is predicted at all, ``[R]``.
        finds: the number of the lesion that each component finds, from 1; 0 without one, ``[P]``.
        is_false: whether each component is a false positive, bool ``[P]``.
    """

    found_by: np.ndarray
    iou: np.ndarray
    overlap: np.ndarray
    finds: np.ndarray
    is_false: np.ndarray

    @property
    def duplicates(self) -> int:
        """How many components qualify for lesions that others have found."""
        return int(np.count_nonzero((self.finds == 0) & ~self.is_false))


@dataclass(frozen=True, kw_only=True)
class _Pairs:
    """Components and lesions that share voxels, by their numbers from 0.

    Attributes:
        components: of each pair.
        lesions: of each pair.
        shared: voxels that both have.
        iou: of both.
    """

    components: np.ndarray
    lesions: np.ndarray
    shared: np.ndarray
    iou: np.ndarray


def detect(predicted: np.ndarray, lesions: np.ndarray, least_iou: float | None = None) -> Detection:
    """Pair predicted components with lesions.

    Args:
        predicted: the number of each voxel's component, from 1; 0 elsewhere.
        lesions: the number of each voxel's lesion, likewise and of the same shape.
        least_iou: of a pair, in 0…1; None for a shared voxel.
    """
    sizes = _sizes(predicted)
    lesion_sizes = _sizes(lesions)
    pairs = _pairs(predicted, lesions, sizes, lesion_sizes)
    overlap = np.bincount(pairs.lesions, pairs.shared, len(lesion_sizes)) / lesion_sizes
    qualified = np.ones(len(pairs.iou), bool)
    if least_iou is not None:
        qualified = pairs.iou >= least_iou
    found_by = np.zeros(len(lesion_sizes), int)
    iou = np.zeros(len(lesion_sizes))
    finds = np.zeros(len(sizes), int)
    is_false = np.ones(len(sizes), bool)
    is_false[pairs.components[qualified]] = False
    for pair in np.argsort(-pairs.iou, kind="stable"):
        component = pairs.components[pair]
        lesion = pairs.lesions[pair]
        if qualified[pair] and not finds[component] and not found_by[lesion]:
            finds[component] = lesion + 1
            found_by[lesion] = component + 1
            iou[lesion] = pairs.iou[pair]
    return Detection(found_by=found_by, iou=iou, overlap=overlap, finds=finds, is_false=is_false)


def _sizes(numbers: np.ndarray) -> np.ndarray:
    """The voxels of each component."""
    sizes: np.ndarray = np.bincount(numbers.ravel())[1:]
    return sizes


def _pairs(
    predicted: np.ndarray, lesions: np.ndarray, sizes: np.ndarray, lesion_sizes: np.ndarray
) -> _Pairs:
    """All pairs that share voxels, in the order of their components."""
    is_both = (predicted > 0) & (lesions > 0)
    count = max(len(lesion_sizes), 1)
    codes = (predicted[is_both].astype(np.int64) - 1) * count + (lesions[is_both] - 1)
    pairs, shared = np.unique(codes, return_counts=True)
    of_component, of_lesion = np.divmod(pairs, count)
    union = sizes[of_component] + lesion_sizes[of_lesion] - shared
    return _Pairs(components=of_component, lesions=of_lesion, shared=shared, iou=shared / union)
