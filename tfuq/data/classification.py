"""Examples of classification: whole images with the number of their class."""

from __future__ import annotations

import numpy as np

from tfuq.config import Config
from tfuq.data.augmentation import augment_image
from tfuq.data.cases import Case, naming, read_case_image
from tfuq.data.dataset import Example, Examples, TrainingSet, inverse_frequencies
from tfuq.data.preprocessing import Preprocessor
from tfuq.errors import DataError


def class_of(config: Config, case: Case) -> int:
    """The number of a case's class.

    Raises:
        DataError: the case has no class, or one that is not declared.
    """
    classes = config.data.classes
    if case.truth is None or not isinstance(case.truth, (int, str)):
        raise DataError(f"case '{case.id}' has no class; it is needed to train or score")
    number = classes.index(case.truth) if case.truth in classes else case.truth
    if isinstance(number, str) or not 0 <= number < len(classes):
        raise DataError(
            f"case '{case.id}': class '{case.truth}' is not among the declared {', '.join(classes)}; add it to data.classes"
        )
    return number


def prepare_image(preprocessor: Preprocessor, case: Case) -> np.ndarray:
    """A case as the network takes it, ``[rows, columns, C]`` float32."""
    image = read_case_image(case)
    with naming(case):
        return preprocessor.image(image).array[:, :, 0]


def load_examples(config: Config, preprocessor: Preprocessor, case: Case) -> Examples:
    """Read and preprocess a case: one image and its class (int32)."""
    target = np.array([class_of(config, case)], np.int32)
    return Examples(prepare_image(preprocessor, case)[None], target)


class ClassificationSet(TrainingSet):
    """Images ``[rows, columns, C]`` with their class (int32)."""

    def __init__(self, config, cases, statistics):
        self._images = np.zeros(len(config.data.classes), np.int64)
        super().__init__(config, cases, statistics)

    def _load(self, case: Case) -> Examples:
        return load_examples(self._config, self._preprocessor, case)

    def _count(self, examples: Examples) -> None:
        self._images += np.bincount(examples.targets, minlength=len(self._images))

    @property
    def terms(self) -> int:
        """Images."""
        return int(self._images.sum())

    @property
    def class_weights(self) -> list[float]:
        """Inverse frequency of each class among the images."""
        return inverse_frequencies(self._images)

    def _draw(self, image: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> Example:
        return np.ascontiguousarray(augment_image(image, self._config.augmentation, rng), np.float32), target
