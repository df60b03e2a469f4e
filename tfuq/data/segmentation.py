"""Examples of segmentation: slices or patches of volumes with their labels."""

from __future__ import annotations

import numpy as np

from tfuq.config import Config
from tfuq.data.augmentation import augment
from tfuq.data.cases import Case, naming, read_case_image, read_label, read_mask, training_views
from tfuq.data.dataset import ClassSet, Example, Examples
from tfuq.data.preprocessing import PADDING, Preprocessor, to_examples
from tfuq.errors import DataError


def load_examples(config: Config, preprocessor: Preprocessor, case: Case) -> Examples:
    """Read and preprocess a case with its reference (uint8 ``[n, *S]``, `PADDING` where the network sees more than the scan).

    Slices of too small a labelled area are left out.
    """
    examples = _load(config, preprocessor, case, [case])
    return Examples(examples.images, examples.targets[:, 0])


def _load(config: Config, preprocessor: Preprocessor, case: Case, views: list[Case]) -> Examples:
    """As `load_examples`, with each view's reference: ``targets [n, R, *S]``. A slice is kept where one of them labels enough."""
    image = read_case_image(case)
    mask, axis = read_mask(config, case, image), config.preprocessing.slice_axis
    with naming(case):
        images = to_examples(preprocessor.image(image, mask).array, axis)
        read = (preprocessor.label(read_label(config, view, image), mask).array for view in views)
        labels = np.stack([to_examples(label, axis) for label in read], axis=1)
    if axis is not None and config.preprocessing.min_slice_area:
        kept = is_structure(labels).sum(axis=(2, 3)).max(axis=1) > config.preprocessing.min_slice_area
        images, labels = images[kept], labels[kept]
    return Examples(np.ascontiguousarray(images), labels)


def is_structure(labels: np.ndarray) -> np.ndarray:
    """Which voxels of labels on the network's grid are of another class than the first."""
    return (labels > 0) & (labels != PADDING)


class SegmentationSet(ClassSet):
    """Patches ``[*patch, C]`` with their labels ``[*patch]`` int32, by one of their raters where several are trained on.

    A patch that reaches beyond its scan has `PADDING` there, which is no term of the loss.
    """

    def __init__(self, config, cases, statistics):
        self._patch_terms: list[int] = []
        super().__init__(config, cases, statistics)
        if not self.index:
            raise DataError("no training slice has enough labelled area; lower preprocessing.min_slice_area")
        if not self._counts[1:].any():
            background = config.data.classes[0]
            raise DataError(
                f"every voxel of all {len(cases)} training labels is '{background}', the first class, so there is nothing to learn; correct "
                "data.label_values, which says what the files' values stand for"
            )

    @property
    def terms_per_example(self) -> float:
        """Voxels of a patch within its scan, meaned over the examples."""
        return float(np.mean(self._patch_terms))

    def _load(self, case: Case) -> Examples:
        return _load(self._config, self._preprocessor, case, training_views(self._config, case))

    def _terms_of(self, examples: Examples) -> list[int]:
        """The scan's own voxels of each volume or slice, however many raters label them."""
        return [int((target[0] != PADDING).sum()) for target in examples.targets]

    def _count(self, examples: Examples) -> None:
        """The scan's own voxels of each class, meaned over raters, and those of a patch."""
        raters, own = examples.targets.shape[1], examples.targets != PADDING
        self._counts += np.bincount(examples.targets[own], minlength=len(self._counts)) / raters
        patch = self._config.network.patch_size
        # Along each axis a patch covers the whole scan or lies within it.
        self._patch_terms += [int(np.minimum(_extent(scan[0]), patch).prod()) for scan in own]

    def _draw(self, image: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> Example:
        target = target[rng.integers(len(target)) if len(target) > 1 else 0]
        corner = self._corner(target, rng)
        box = tuple(slice(c, c + size) for c, size in zip(corner, self._config.network.patch_size, strict=True))
        image, label = augment(image[box], target[box], self._config.augmentation, rng)
        return np.ascontiguousarray(image, np.float32), np.ascontiguousarray(label, np.int32)

    def _corner(self, label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        patch = np.array(self._config.network.patch_size)
        room = np.array(label.shape) - patch
        if not room.any():
            return room
        present = np.unique(label[is_structure(label)])
        if not len(present) or rng.random() >= self._config.training.foreground_share:
            return rng.integers(0, room + 1)
        # A class first, then one of its voxels, so that a small structure is seen as often as a large one.
        voxels = np.flatnonzero(label == rng.choice(present))
        centre = np.array(np.unravel_index(rng.choice(voxels), label.shape))
        return np.clip(centre - patch // 2, 0, room)


def _extent(mask: np.ndarray) -> np.ndarray:
    """Along each axis, how many planes a mask that is a box fills."""
    axes = range(mask.ndim)
    return np.array([mask.any(axis=tuple(set(axes) - {axis})).sum() for axis in axes])
