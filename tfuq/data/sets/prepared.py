"""A case as the network sees it, and what a training set counts of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfuq.data.class_voxels import ClassVoxels


@dataclass(frozen=True)
class Examples:
    """Preprocessed examples of one case or of several.

    Attributes:
        images: ``[n, *S, C]`` float32.
        targets: ``[n, …]`` as the task has them.
    """

    images: np.ndarray
    targets: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes of both arrays."""
        return int(self.images.nbytes + self.targets.nbytes)


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """What is known of a case without its voxels.

    Attributes:
        rows: How many examples it has.
        channels: Of its images.
        terms: Of each example, what the log-likelihood is a sum over: its labelled voxels, its
            landmarks, or one of an image with a class; none of cases to validate on.
        class_counts: Voxels or images of each class, the mean over raters; none without classes.
        patch_terms: Of each example of segmentation, the labelled voxels that a patch of it has.
        voxels: Of segmentation, voxels of each class on both grids.
    """

    rows: int
    channels: int
    terms: tuple[int, ...] = ()
    class_counts: tuple[float, ...] = ()
    patch_terms: tuple[float, ...] = ()
    voxels: ClassVoxels | None = None


@dataclass(frozen=True)
class Prepared:
    """A preprocessed case.

    Attributes:
        examples: Its examples.
        facts: What is known of them.
    """

    examples: Examples
    facts: CaseFacts

    @classmethod
    def for_validation(cls, examples: Examples) -> Prepared:
        """A case to validate on, of which nothing is counted."""
        images = examples.images
        return cls(examples, CaseFacts(rows=len(images), channels=images.shape[-1]))

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.examples.nbytes
