"""A data set as the network sees it: cases read, checked, preprocessed and cut into examples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tfuq.config import Config
from tfuq.data.augmentation import Example, augment
from tfuq.data.cases import Case, naming, read_case_image, read_case_label
from tfuq.data.preprocessing import Preprocessor, Statistics, channel_statistics, to_examples
from tfuq.errors import DataError


def make_preprocessor(config: Config, statistics: Statistics | None = None) -> Preprocessor:
    """The configured preprocessing."""
    return Preprocessor(config.preprocessing, tuple(config.network.patch_size), statistics)


def training_statistics(config: Config, cases: list[Case]) -> Statistics | None:
    """Mean and standard deviation per channel over the training set, where the normalization needs them."""
    if config.preprocessing.normalization != "zscore-training":
        return None
    plain = make_preprocessor(config)

    def prepared(case):
        image = read_case_image(case)
        label = _label_if_needed(config, case, image)
        return plain.intensities(plain.resampled(image, label))

    return channel_statistics(prepared(case) for case in cases)


def _label_if_needed(config, case, image):
    return read_label(config, case, image) if config.preprocessing.crop_to_labels else None


def read_label(config: Config, case: Case, image):
    """The case's reference as classes, on its image's grid."""
    return read_case_label(case, image, len(config.data.classes), config.data.label_values)


@dataclass(frozen=True)
class CaseExamples:
    """A preprocessed case as a batch: ``images [n, *S, C]`` float32, ``labels [n, *S]`` uint8."""

    id: str
    images: np.ndarray
    labels: np.ndarray


def load_examples(config: Config, preprocessor: Preprocessor, case: Case, channels: int | None = None) -> CaseExamples:
    """Read and preprocess a case with its reference; slices whose labelled area is too small are left out.

    Raises:
        DataError: another number of channels than ``channels``, where that is given.
    """
    image = read_case_image(case)
    if channels not in (None, image.array.shape[-1]):
        raise DataError(
            f"{case.images[0]}: has {image.array.shape[-1]} channel(s), the other cases {channels}; all need the same"
        )
    label = read_label(config, case, image)
    axis = config.preprocessing.slice_axis
    with naming(case):
        images = to_examples(preprocessor.image(image, label).array, axis)
        labels = to_examples(preprocessor.label(label).array, axis)
    if axis is not None and config.preprocessing.min_slice_area:
        kept = (labels > 0).sum(axis=(1, 2)) > config.preprocessing.min_slice_area
        images, labels = images[kept], labels[kept]
    return CaseExamples(case.id, np.ascontiguousarray(images), np.ascontiguousarray(labels))


class TrainingSet:
    """Training examples by number, each a function of (seed, epoch, position) alone, so that a resumed run goes on alike.

    Cases are kept in memory with ``training.cache``, else read again for each example. They differ in size and a patch is
    cut anew each time, which is why they are kept here and not by ``tf.data``'s own cache.
    """

    def __init__(self, config: Config, cases: list[Case], statistics: Statistics | None):
        self._config, self._cases = config, cases
        self._preprocessor = make_preprocessor(config, statistics)
        self._cache: dict[int, CaseExamples] = {}
        self.channels: int | None = None
        self.index, self.voxels, counts = [], 0, np.zeros(len(config.data.classes), np.int64)
        for number in range(len(cases)):
            examples = self._load(number)
            self.index += [(number, row) for row in range(len(examples.images))]
            self.voxels += examples.labels.size
            counts += np.bincount(examples.labels.ravel(), minlength=len(counts))
            self.channels = examples.images.shape[-1]
        if not self.index:
            raise DataError("no training slice has enough labelled area; lower preprocessing.min_slice_area")
        self.class_weights = [float(self.voxels / (len(counts) * max(n, 1))) for n in counts]

    def _load(self, number: int) -> CaseExamples:
        if number in self._cache:
            return self._cache[number]
        examples = load_examples(self._config, self._preprocessor, self._cases[number], self.channels)
        if self._config.training.cache:
            self._cache[number] = examples
        return examples

    @cached_property
    def rows_by_case(self) -> dict[int, list[int]]:
        """Positions in the index of each case's examples."""
        rows: dict[int, list[int]] = {}
        for position, (number, _) in enumerate(self.index):
            rows.setdefault(number, []).append(position)
        return rows

    def member_rows(self, rng: np.random.Generator) -> list[int]:
        """The examples one ensemble member trains on: all, a bootstrap sample of cases, or a share of them."""
        subset, cases = self._config.ensemble.subset, sorted(self.rows_by_case)
        if subset == "none":
            return list(range(len(self.index)))
        if subset == "bootstrap":
            chosen = rng.choice(cases, len(cases), replace=True)
        else:
            chosen = rng.choice(cases, max(round(subset * len(cases)), 1), replace=False)
        return [row for case in sorted(chosen) for row in self.rows_by_case[case]]

    def example(self, row: int, rng: np.random.Generator) -> Example:
        """One augmented patch: image ``[*patch, C]`` float32 and label ``[*patch]`` int32."""
        number, position = self.index[row]
        examples = self._load(number)
        image, label = examples.images[position], examples.labels[position]
        corner = self._corner(label, rng)
        box = tuple(slice(c, c + size) for c, size in zip(corner, self._config.network.patch_size, strict=True))
        image, label = augment(image[box], label[box], self._config.augmentation, rng)
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


def epoch_order(rows: list[int], count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` rows in random order, every one once before any comes again."""
    rounds = -(-count // len(rows))
    return np.concatenate([rng.permutation(rows) for _ in range(rounds)])[:count]
