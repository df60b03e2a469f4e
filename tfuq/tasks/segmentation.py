"""Segmentation: a class for every voxel."""

from __future__ import annotations

import numpy as np

from tfuq.data.dataset import Examples, make_preprocessor
from tfuq.data.preprocessing import PADDING
from tfuq.data.segmentation import SegmentationSet, load_examples
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.reducers import PackedMasks, RegionEntropyTerms
from tfuq.scoring.segmentation import dice
from tfuq.tasks.classes import ClassTask, both_classes

_FOR_STRUCTURES = ("masks", "entropy_terms", "region_entropy_terms")


class Segmentation(ClassTask):
    """See `tfuq.tasks.base.Task`."""

    def unit(self, config):
        return "voxel"

    def training_set(self, config, cases, statistics):
        return SegmentationSet(config, cases, statistics)

    def validation(self, config, cases, training, statistics) -> list[Examples]:
        preprocessor = make_preprocessor(config, statistics)
        loaded = [training.checked(case, load_examples(config, preprocessor, case)) for case in cases]
        return [examples for examples in loaded if len(examples.images)]

    def quality(self, config, sample, targets) -> float:
        """Dice over the scans' own voxels, meaned over the structures that are there."""
        p, own = both_classes(sample), targets != PADDING
        predicted, true = p.argmax(-1)[own], targets[own]
        scores = [dice(predicted == k, true == k) for k in range(1, p.shape[-1]) if (true == k).any()]
        return float(np.mean(scores)) if scores else np.nan

    def reducers(self, config):
        regions = list(config.data.structures.values())[len(config.data.classes) - 1 :]
        return [*voxel_reducers(), PackedMasks(), *([RegionEntropyTerms(regions)] if regions else [])]

    def finish(self, statistics):
        return voxel_maps(statistics) | {name: statistics[name] for name in _FOR_STRUCTURES if name in statistics}
