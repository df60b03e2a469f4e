"""Examples of segmentation: slices or patches of volumes with their labels."""

from __future__ import annotations

import math

import numpy as np

from tfuq.config import Config
from tfuq.data.augmentation import augment
from tfuq.data.cases import Case, naming, read_case_image, read_label, read_mask
from tfuq.data.dataset import ClassSet, Example, Examples
from tfuq.data.preprocessing import Preprocessor, to_examples
from tfuq.errors import DataError


def load_examples(config: Config, preprocessor: Preprocessor, case: Case) -> Examples:
    """Read and preprocess a case with its reference (uint8 ``[n, *S]``); slices of too small a labelled area are left out."""
    image = read_case_image(case)
    label, mask = read_label(config, case, image), read_mask(config, case, image)
    axis = config.preprocessing.slice_axis
    with naming(case):
        images = to_examples(preprocessor.image(image, mask).array, axis)
        labels = to_examples(preprocessor.label(label, mask).array, axis)
    if axis is not None and config.preprocessing.min_slice_area:
        kept = (labels > 0).sum(axis=(1, 2)) > config.preprocessing.min_slice_area
        images, labels = images[kept], labels[kept]
    return Examples(np.ascontiguousarray(images), np.ascontiguousarray(labels))


class SegmentationSet(ClassSet):
    """Patches ``[*patch, C]`` with their labels ``[*patch]`` int32."""

    def __init__(self, config, cases, statistics):
        super().__init__(config, cases, statistics)
        if not self.index:
            raise DataError("no training slice has enough labelled area; lower preprocessing.min_slice_area")

    @property
    def terms_per_example(self) -> int:
        """Voxels of a patch."""
        return math.prod(self._config.network.patch_size)

    def _load(self, case: Case) -> Examples:
        return load_examples(self._config, self._preprocessor, case)

    def _draw(self, image: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> Example:
        corner = self._corner(target, rng)
        box = tuple(slice(c, c + size) for c, size in zip(corner, self._config.network.patch_size, strict=True))
        image, label = augment(image[box], target[box], self._config.augmentation, rng)
        return np.ascontiguousarray(image, np.float32), np.ascontiguousarray(label, np.int32)

    def _corner(self, label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        patch = np.array(self._config.network.patch_size)
        room = np.array(label.shape) - patch
        if not room.any():
            return room
        present = np.unique(label)[np.unique(label) > 0]
        if not len(present) or rng.random() >= self._config.training.foreground_share:
            return rng.integers(0, room + 1)
        # A class first, then one of its voxels, so that a small structure is seen as often as a large one.
        voxels = np.flatnonzero(label == rng.choice(present))
        centre = np.array(np.unravel_index(rng.choice(voxels), label.shape))
        return np.clip(centre - patch // 2, 0, room)
