"""Examples of classification: whole images with the number of their class."""

from __future__ import annotations

import numpy as np

from tfuq.config import Config
from tfuq.data.augmentation import augment_image
from tfuq.data.cases import Case, naming, read_case_image
from tfuq.data.preprocessing import Preprocessor
from tfuq.data.sets.dataset import ClassSet, Example
from tfuq.data.sets.prepared import CaseFacts, Examples, Prepared
from tfuq.errors import DataError


def class_of(config: Config, case: Case) -> int:
    """The number of a case's class.

    Raises:
        DataError: The case has no class, or one that is not declared.
    """
    classes = config.data.classes
    if case.truth is None or not isinstance(case.truth, (int, str)):
        raise DataError(f"case '{case.id}' has no class; it is needed to train or score")
    number = case.truth
    if number in classes:
        number = classes.index(number)
    if isinstance(number, str) or not 0 <= number < len(classes):
        raise DataError(
            f"case '{case.id}': class '{case.truth}' is not among the declared "
            f"{', '.join(classes)}; add it to data.classes"
        )
    return number


def load_examples(config: Config, preprocessor: Preprocessor, case: Case) -> Examples:
    """Read and preprocess a case: one image and its class (int32)."""
    target = np.array([class_of(config, case)], np.int32)
    image = read_case_image(case)
    with naming(case):
        prepared = preprocessor.image(image).array[:, :, 0]
    return Examples(prepared[None], target)


class ClassificationSet(ClassSet):
    """Images ``[rows, columns, C]`` with their class (int32)."""

    @property
    def terms_per_example(self) -> int:
        """An image is one term."""
        return 1

    def _load(self, case: Case) -> Prepared:
        examples = load_examples(self._config, self._preprocessor, case)
        counts = np.bincount(examples.targets, minlength=len(self._config.data.classes))
        facts = CaseFacts(
            rows=1,
            channels=examples.images.shape[-1],
            terms=(1,),
            class_counts=tuple(counts.tolist()),
        )
        return Prepared(examples, facts)

    def _augmented(
        self, image: np.ndarray, target: np.ndarray, rng: np.random.Generator
    ) -> Example:
        augmented = augment_image(image, self._config.augmentation, rng)
        return np.ascontiguousarray(augmented, np.float32), target
