"""Examples of segmentation: slices or patches of volumes with their labels."""

from __future__ import annotations

import numpy as np

from tfuq.config import Config
from tfuq.data.augmentation import augment
from tfuq.data.cases import (
    Case,
    naming,
    read_case_image,
    read_label,
    read_mask,
    training_views,
)
from tfuq.data.class_voxels import ClassVoxels, Loss, count_classes, losses, unseen, untaught
from tfuq.data.preprocessing import (
    PADDING,
    Preprocessor,
    Statistics,
    is_structure,
    to_examples,
)
from tfuq.data.sets.dataset import ClassSet, Example
from tfuq.data.sets.prepared import CaseFacts, Examples, Prepared
from tfuq.errors import DataError


def load_examples(config: Config, preprocessor: Preprocessor, case: Case) -> Examples:
    """Read and preprocess a case with its reference.

    Slices of too small a labelled area are left out, and those without any labelled voxel.

    Returns:
        Targets are uint8 ``[n, *S]``, `PADDING` where the network sees more than the scan.
    """
    examples, _ = _load(config, preprocessor, case, [case])
    return Examples(examples.images, examples.targets[:, 0])


def _load(
    config: Config, preprocessor: Preprocessor, case: Case, views: list[Case]
) -> tuple[Examples, ClassVoxels]:
    """As `load_examples`, with each view's reference: ``targets [n, R, *S]``.

    A slice is kept where one of them labels enough. The voxels of each class are those of the whole
    case.
    """
    image = read_case_image(case)
    mask = read_mask(config, case, image)
    axis = config.preprocessing.slice_axis
    references = []
    classes = len(config.data.classes)
    own = np.zeros(classes, np.int64)
    network = np.zeros(classes, np.int64)
    with naming(case):
        images = to_examples(preprocessor.image(image, mask).array, axis)
        for view in views:
            label = read_label(config, view, image)
            reference = preprocessor.label(label, mask)
            references.append(to_examples(reference.array, axis))
            own += count_classes(label.array, classes)
            network += count_classes(reference.array, classes)
    voxels = ClassVoxels.of(case.id, own, network, preprocessor.oriented(label), reference)
    return _large_enough(config, images, np.stack(references, axis=1)), voxels


def _large_enough(config: Config, images: np.ndarray, labels: np.ndarray) -> Examples:
    """The slices of which one of the labels ``[n, R, *S]`` labels enough; whole volumes all."""
    is_labelled = (labels != PADDING).reshape(len(labels), -1).any(1)
    if not is_labelled.all():  # by slices: one of which nothing is known is none to learn from
        images = images[is_labelled]
        labels = labels[is_labelled]
    least_area = config.preprocessing.min_slice_area
    if config.preprocessing.slice_axis is not None and least_area:
        areas = is_structure(labels).sum(axis=(2, 3)).max(axis=1)
        is_enough = areas > least_area
        images = images[is_enough]
        labels = labels[is_enough]
    return Examples(np.ascontiguousarray(images), labels)


class SegmentationSet(ClassSet):
    """Patches ``[*patch, C]`` with their labels ``[*patch]`` int32.

    Where several raters are trained on, each label is by one of them. A patch that reaches beyond
    its scan has `PADDING` there, as it has in voxels to ignore; they are no term of the loss.
    """

    def __init__(self, config: Config, cases: list[Case], statistics: Statistics | None) -> None:
        """As `TrainingSet`.

        Raises:
            ConfigError: As `TrainingSet`.
            DataError: As `TrainingSet`, or a class has no voxel.
        """
        self._patch_terms: list[float] = []
        self._voxels: list[ClassVoxels] = []
        super().__init__(config, cases, statistics)
        self._require_every_class()

    def _require_every_class(self) -> None:
        classes = self._config.data.classes
        if self._cases and not any(any(case.own[1:]) for case in self.class_voxels):
            raise DataError(
                f"every voxel of all {len(self._cases)} training labels is '{classes[0]}', "
                "the first class, so there is nothing to learn; correct data.label_values, "
                "which says what the files' values stand for"
            )
        for loss in untaught(self._config, self.class_voxels):
            raise DataError(str(loss))
        if not self.index:
            raise DataError(
                "no training slice has enough labelled area; lower preprocessing.min_slice_area"
            )
        for loss in unseen(self._config, self._counts):
            raise DataError(str(loss))

    @property
    def class_voxels(self) -> list[ClassVoxels]:
        """How many voxels of each class every case has, as the files and as the network have it."""
        return self._voxels

    @property
    def losses(self) -> list[Loss]:
        """As `TrainingSet`."""
        return list(losses(self._config, self.class_voxels))

    @property
    def terms_per_example(self) -> float:
        """Labelled voxels of a patch, meaned over the examples."""
        return float(np.mean(self._patch_terms))

    def _enter(self, number: int, facts: CaseFacts) -> None:
        super()._enter(number, facts)
        self._patch_terms += facts.patch_terms
        if facts.voxels:
            self._voxels.append(facts.voxels)

    def _load(self, case: Case) -> Prepared:
        views = training_views(self._config, case)
        examples, voxels = _load(self._config, self._preprocessor, case, views)
        is_labelled = examples.targets != PADDING
        raters = examples.targets.shape[1]
        classes = examples.targets[is_labelled]
        counts = np.bincount(classes, minlength=len(self._config.data.classes)) / raters
        facts = CaseFacts(
            rows=len(examples.images),
            channels=examples.images.shape[-1],
            # However many raters label them.
            terms=tuple(int(labelled[0].sum()) for labelled in is_labelled),
            class_counts=tuple(counts.tolist()),
            patch_terms=tuple(self._terms_of_patch(labelled[0]) for labelled in is_labelled),
            voxels=voxels,
        )
        return Prepared(examples, facts)

    def _terms_of_patch(self, labelled: np.ndarray) -> float:
        """The labelled voxels of a patch of a volume or slice.

        Along each axis a patch covers the whole box of labelled voxels or lies within it. All of
        the box is labelled, but for voxels to ignore.
        """
        box = _extent(labelled)
        extent = np.minimum(box, self._config.network.patch_size)
        share = np.count_nonzero(labelled) / box.prod()
        return float(extent.prod() * share)

    def _augmented(
        self, image: np.ndarray, target: np.ndarray, rng: np.random.Generator
    ) -> Example:
        label = _one_rater(target, rng)
        start = self._corner(label, rng)
        end = start + self._config.network.patch_size
        box = tuple(map(slice, start, end))
        image, label = augment(image[box], label[box], self._config.augmentation, rng)
        image = np.ascontiguousarray(image, np.float32)
        label = np.ascontiguousarray(label, np.int32)
        return image, label

    def _corner(self, label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Where a patch begins; it often has a structure in its middle."""
        patch = np.array(self._config.network.patch_size)
        room: np.ndarray = np.array(label.shape) - patch
        if not room.any():
            return room
        present = np.unique(label[is_structure(label)])
        if len(present) and rng.random() < self._config.training.foreground_share:
            # A class first, then one of its voxels, so that a small structure is seen as often as a
            # large one.
            return _corner_about(label == rng.choice(present), patch, rng)
        if self._config.data.ignore_label is not None:
            return _corner_about(label != PADDING, patch, rng)
        corner: np.ndarray = rng.integers(0, room + 1)
        return corner


def _corner_about(mask: np.ndarray, patch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where a patch begins that has one of a mask's voxels in its middle, or as near as it can."""
    voxels = np.flatnonzero(mask)
    centre = np.array(np.unravel_index(rng.choice(voxels), mask.shape))
    corner: np.ndarray = np.clip(centre - patch // 2, 0, np.array(mask.shape) - patch)
    return corner


def _one_rater(target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of ``target [R, *S]``, at random where there are several."""
    rater = 0
    if len(target) > 1:
        rater = int(rng.integers(len(target)))
    label: np.ndarray = target[rater]
    return label


def _extent(mask: np.ndarray) -> np.ndarray:
    """Along each axis, the planes of the box about a mask."""
    axes = set(range(mask.ndim))
    extents = []
    for axis in range(mask.ndim):
        filled = np.flatnonzero(mask.any(axis=tuple(axes - {axis})))
        extents.append(filled[-1] - filled[0] + 1)
    return np.array(extents)
