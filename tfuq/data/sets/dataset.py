"""A data set as the network sees it: cases read, checked, preprocessed and cut into examples.

This is what the tasks share.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np

from tfuq.config import TASKS, Config
from tfuq.data.augmentation import check_perturbations
from tfuq.data.cases import Case, read_case_image, read_case_orientation, read_mask
from tfuq.data.class_voxels import Loss
from tfuq.data.orientation import common_orientation
from tfuq.data.parallel import in_order
from tfuq.data.preprocessing import Preprocessor, Statistics, channel_statistics
from tfuq.data.sets.prepared import CaseFacts, Prepared
from tfuq.data.sets.stores import make_store
from tfuq.data.volume import Volume
from tfuq.errors import DataError

S = TypeVar("S", bound="TrainingSet")
Example = tuple[np.ndarray, np.ndarray]  # image [*patch, C] float32 and its target


def make_preprocessor(config: Config, statistics: Statistics | None = None) -> Preprocessor:
    """Make the configured preprocessing.

    Images of the other tasks than segmentation are resampled to the network's size.

    Args:
        config: The configuration.
        statistics: Intensities of the training cases, if normalization needs them.
    """
    steps = config.preprocessing
    patch = tuple(config.network.patch_size)
    if not TASKS[config.task].has_volumes:
        steps = steps.model_copy(update={"slice_axis": 2, "size": [*patch, 1]})
    return Preprocessor(steps, patch, statistics)


def training_orientation(config: Config, cases: list[Case]) -> str | None:
    """The orientation in which the network of a configuration sees scans.

    Args:
        config: The configuration.
        cases: The training cases, whose own it is where they are alike and none is configured.

    Returns:
        Its name; None for tasks of pictures, which have none.
    """
    if not TASKS[config.task].has_volumes:
        return None
    configured = config.preprocessing.orientation
    return configured or common_orientation(map(read_case_orientation, cases))


def oriented(config: Config, orientation: str | None) -> Config:
    """The configuration with the orientation that the network sees."""
    steps = config.preprocessing.model_copy(update={"orientation": orientation})
    return config.model_copy(update={"preprocessing": steps})


def training_statistics(config: Config, cases: list[Case]) -> Statistics | None:
    """Compute mean and standard deviation per channel over the training set.

    Returns:
        None where the normalization does not need them.
    """
    if config.preprocessing.normalization != "zscore-training":
        return None
    preprocessor = make_preprocessor(config)

    def unnormalized(case: Case) -> Volume:
        image = read_case_image(case)
        mask = read_mask(config, case, image)
        return preprocessor.intensities(image, mask)

    return channel_statistics(in_order(unnormalized, cases, lambda image: image.array.nbytes))


class TrainingSet(ABC):
    """Training examples by number.

    Each is a function of (seed, epoch, position) alone, so that a resumed run goes on alike.

    Cases are kept as ``training.cache`` says. They differ in size and a patch is cut anew each
    time, which is why they are kept here and not by ``tf.data``'s own cache.

    Attributes:
        channels: Of every image.
        index: The case and row of each example.
    """

    def __init__(self, config: Config, cases: list[Case], statistics: Statistics | None) -> None:
        """Read, check and count every case.

        Args:
            config: The configuration.
            cases: The training cases.
            statistics: Their intensities, if normalization needs them.

        Raises:
            ConfigError: A perturbation of the augmentation is not possible.
            DataError: A case is not fit for use.
        """
        check_perturbations(config.augmentation, config.task)
        self._config = config
        self._cases = cases
        self._preprocessor = make_preprocessor(config, statistics)
        self._store = make_store(config, cases, self._load, statistics=statistics, part="training")
        self._channels: int | None = None
        self.index: list[tuple[int, int]] = []
        self._terms: list[int] = []  # of each example's log-likelihood
        for number, facts in enumerate(self._store.facts()):
            self._enter(number, facts)

    def of_member(self: S, config: Config) -> S:
        """The same examples, cut and augmented as a member's own configuration says.

        Args:
            config: Of the member, see `tfuq.config.member_config`. It differs from the run's in
                nothing that the preprocessing or the examples' number depend on.

        Raises:
            ConfigError: A perturbation of the augmentation is not possible.
        """
        check_perturbations(config.augmentation, config.task)
        own = {"training": config.training, "augmentation": config.augmentation}
        same = copy.copy(self)
        same._config = self._config.model_copy(update=own)
        return same

    @property
    def channels(self) -> int:
        """The channels of every image.

        Raises:
            DataError: There is none.
        """
        if self._channels is None:
            raise DataError("a training set without cases has no channels; set data.split.train")
        return self._channels

    def _enter(self, number: int, facts: CaseFacts) -> None:
        """Take notice of a case; what a task counts besides is added to this."""
        self.require_channels(self._cases[number], facts.channels)
        self._channels = facts.channels
        self.index += [(number, row) for row in range(facts.rows)]
        self._terms += [terms * self._terms_each for terms in facts.terms]

    @abstractmethod
    def _load(self, case: Case) -> Prepared:
        """Read, preprocess and count a case, also in several threads at once."""

    @abstractmethod
    def _augmented(
        self, image: np.ndarray, target: np.ndarray, rng: np.random.Generator
    ) -> Example:
        """One augmented example."""

    @property
    def _terms_each(self) -> int:
        """Terms of the log-likelihood for each one that `CaseFacts` counts."""
        return 1

    @property
    @abstractmethod
    def terms_per_example(self) -> float:
        """Terms of the log-likelihood of one example as it is trained on.

        It is their mean where examples differ.
        """

    @property
    @abstractmethod
    def class_weights(self) -> list[float]:
        """Inverse frequency of each class; empty where a task has no classes."""

    @property
    def losses(self) -> list[Loss]:
        """What of the structures is lost on the network's grid; none where a task has none."""
        return []

    @property
    def terms(self) -> int:
        """Terms of the training set's log-likelihood, of which the loss is a mean."""
        return sum(self._terms)

    def terms_of_rows(self, rows: Sequence[int]) -> int:
        """Terms of the log-likelihood of these examples; one that is listed twice counts twice."""
        return sum(self._terms[row] for row in rows)

    def require_channels(self, case: Case, channels: int) -> None:
        """Refuse a case with other channels than those before it.

        Raises:
            DataError: It has another number of them.
        """
        if self._channels not in (None, channels):
            raise DataError(
                f"{case.images[0]}: has {channels} channel(s), the other cases {self._channels}; "
                "all need the same"
            )

    @cached_property
    def rows_by_case(self) -> dict[int, list[int]]:
        """Positions in the index of each case's examples."""
        rows: dict[int, list[int]] = {}
        for position, (number, _) in enumerate(self.index):
            rows.setdefault(number, []).append(position)
        return rows

    def member_rows(self, rng: np.random.Generator, left_out: Collection[str] = ()) -> list[int]:
        """The examples that one ensemble member trains on.

        They are all, those of a bootstrap sample of cases, those of a share of the cases, or those
        of all cases but a fold.

        Args:
            rng: Draws the sample or the share.
            left_out: Ids of the cases of the fold.
        """
        subset = self._config.ensemble.subset
        if self._config.has_folds:
            return self._rows_without(left_out)
        if subset == "none":
            return list(range(len(self.index)))
        cases = sorted(self.rows_by_case)
        if subset == "bootstrap":
            chosen = rng.choice(cases, len(cases), replace=True)
        else:
            count = max(round(subset * len(cases)), 1)
            chosen = rng.choice(cases, count, replace=False)
        rows: list[int] = []
        for case in sorted(chosen):
            rows += self.rows_by_case[case]
        return rows

    def _rows_without(self, left_out: Collection[str]) -> list[int]:
        rows: list[int] = []
        for number, positions in sorted(self.rows_by_case.items()):
            if self._cases[number].id not in left_out:
                rows += positions
        return rows

    def example(self, row: int, rng: np.random.Generator) -> Example:
        """One augmented example: image ``[*patch, C]`` float32 and its target.

        Args:
            row: Position in the index.
            rng: The source of randomness.
        """
        number, position = self.index[row]
        examples = self._store.examples(number)
        return self._augmented(examples.images[position], examples.targets[position], rng)


class ClassSet(TrainingSet):
    """Training examples whose targets are classes, of voxels or of images."""

    def __init__(self, config: Config, cases: list[Case], statistics: Statistics | None) -> None:
        """As `TrainingSet`."""
        self._counts = np.zeros(len(config.data.classes))
        super().__init__(config, cases, statistics)

    def _enter(self, number: int, facts: CaseFacts) -> None:
        super()._enter(number, facts)
        self._counts += facts.class_counts

    @property
    def class_weights(self) -> list[float]:
        """Weights that make every class count alike.

        A class that never occurs weighs as one that occurs once.
        """
        classes = len(self._counts)
        return [float(self.terms / (classes * max(count, 1))) for count in self._counts]


def epoch_order(rows: list[int], count: int, rng: np.random.Generator) -> np.ndarray:
    """Put rows in random order, every one once before any comes again.

    Args:
        rows: The rows to choose from.
        count: How many to return.
        rng: The source of randomness.

    Returns:
        The rows ``[count]``.
    """
    rounds = -(-count // len(rows))
    orders = [rng.permutation(rows) for _ in range(rounds)]
    return np.concatenate(orders)[:count]
