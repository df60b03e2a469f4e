"""Classification: a class for every image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.preprocessing import Statistics
from tfuq.data.sets.classification import ClassificationSet, load_examples
from tfuq.data.sets.dataset import Examples, TrainingSet
from tfuq.measures.reducers import Reducer
from tfuq.measures.reducers.base import SampleStatistics
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.tasks.base import NETWORK_TASKS, one_group
from tfuq.tasks.logits import ClassTask, both_classes


class Classification(ClassTask):
    """See `tfuq.tasks.base.Task`."""

    def unit(self, config: Config) -> str:
        """A term of the likelihood belongs to an image."""
        return "image"

    def training_set(
        self,
        config: Config,
        cases: list[Case],
        statistics: Statistics | None,
    ) -> ClassificationSet:
        """The training images."""
        return ClassificationSet(config, cases, statistics)

    def validation(
        self,
        config: Config,
        cases: list[Case],
        training: TrainingSet,
        statistics: Statistics | None,
    ) -> list[Examples]:
        """All validation images as one group."""
        return one_group(load_examples, config, cases, training, statistics)

    def quality(self, config: Config, sample: np.ndarray, targets: np.ndarray) -> float:
        """The share of images whose class is right."""
        label = both_classes(sample).argmax(-1)
        return float((label == targets).mean())

    def reducers(self, config: Config) -> Sequence[Reducer]:
        """What uncertainty measures need."""
        return voxel_reducers()

    def finish(self, statistics: SampleStatistics) -> SampleStatistics:
        """The mean probability, uncertainty measures and votes."""
        return voxel_maps(statistics) | {"votes": statistics["votes"]}


NETWORK_TASKS.register("classification")(Classification())
