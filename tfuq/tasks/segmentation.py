"""Segmentation: a class for every voxel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfuq.config import STOCHASTIC, Config
from tfuq.data.cases import Case
from tfuq.data.preprocessing import PADDING, Statistics
from tfuq.data.sets.dataset import TrainingSet, make_preprocessor
from tfuq.data.sets.prepared import Examples, Prepared
from tfuq.data.sets.segmentation import SegmentationSet, load_examples
from tfuq.data.sets.stores import StoredGroups, make_store
from tfuq.measures.reducers import PackedMasks, Reducer, RegionEntropyTerms
from tfuq.measures.reducers.base import SampleStatistics
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.networks.losses import make_class_loss
from tfuq.networks.stochastic import stochastic_loss, without_spread
from tfuq.scoring.segmentation import dice
from tfuq.tasks.base import NETWORK_TASKS, TaskLoss
from tfuq.tasks.logits import ClassTask, both_classes

_FOR_STRUCTURES = ("masks", "entropy_terms", "region_entropy_terms")


class Segmentation(ClassTask):
    """See `tfuq.tasks.base.Task`."""

    tables = None

    def unit(self, config: Config) -> str:
        """A term of the likelihood belongs to a voxel."""
        return "voxel"

    def training_set(
        self,
        config: Config,
        cases: list[Case],
        statistics: Statistics | None,
    ) -> SegmentationSet:
        """The training patches."""
        return SegmentationSet(config, cases, statistics)

    def validation(
        self,
        config: Config,
        cases: list[Case],
        training: TrainingSet,
        statistics: Statistics | None,
    ) -> Sequence[Examples]:
        """The examples of each validation case as a group; a case without any has none."""
        preprocessor = make_preprocessor(config, statistics)

        def load(case: Case) -> Prepared:
            return Prepared.for_validation(load_examples(config, preprocessor, case))

        store = make_store(config, cases, load, statistics=statistics, part="validation")
        numbers = []
        for number, facts in enumerate(store.facts()):
            training.require_channels(cases[number], facts.channels)
            if facts.rows:
                numbers.append(number)
        return StoredGroups(store, numbers)

    def loss(self, config: Config, training: TrainingSet) -> TaskLoss:
        """The loss of labels; of drawn logits, their mean likelihood takes its place."""
        if config.method != STOCHASTIC:
            return super().loss(config, training)
        class_loss = make_class_loss(config.training.loss, training.class_weights)

        def loss(labels: tf.Tensor, outputs: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
            return stochastic_loss(
                class_loss,
                tf.cast(labels, tf.int32),
                outputs,
                seed,
                rank=config.stochastic.rank,
                draws=config.stochastic.draws,
            )

        return loss

    def outputs_of(self, config: Config, sample: np.ndarray) -> tf.Tensor:
        """Outputs whose loss is that of a sample of class probabilities."""
        outputs = super().outputs_of(config, sample)
        if config.method == STOCHASTIC:
            return without_spread(outputs, config.stochastic.rank)
        return outputs

    def quality(self, config: Config, sample: np.ndarray, targets: np.ndarray) -> float:
        """Dice over the scans' voxels without padding, averaged over the structures they have."""
        p = both_classes(sample)
        is_scan = targets != PADDING
        predicted = p.argmax(-1)[is_scan]
        true = targets[is_scan]
        scores = []
        for k in range(1, p.shape[-1]):
            if (true == k).any():
                scores.append(dice(predicted == k, true == k))
        if not scores:
            return np.nan
        return float(np.mean(scores))

    def reducers(self, config: Config) -> Sequence[Reducer]:
        """What uncertainty maps and measures of structures need."""
        reducers = [*voxel_reducers(), PackedMasks()]
        foreground = len(config.data.classes) - 1
        structures = list(config.data.structures.values())
        regions = structures[foreground:]
        if regions:
            reducers.append(RegionEntropyTerms(regions))
        return reducers

    def finish(self, statistics: SampleStatistics) -> SampleStatistics:
        """The mean probability, uncertainty maps, and what measures of structures need."""
        results = voxel_maps(statistics)
        for name in _FOR_STRUCTURES:
            if name in statistics:
                results[name] = statistics[name]
        return results


NETWORK_TASKS.register("segmentation")(Segmentation())
