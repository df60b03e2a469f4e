"""Classification: a class for every image."""

from __future__ import annotations

from tfuq.data.classification import ClassificationSet, load_examples
from tfuq.data.dataset import Examples
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.tasks.base import one_group
from tfuq.tasks.classes import ClassTask, both_classes


class Classification(ClassTask):
    """See `tfuq.tasks.base.Task`."""

    def unit(self, config):
        return "image"

    def training_set(self, config, cases, statistics):
        return ClassificationSet(config, cases, statistics)

    def validation(self, config, cases, training, statistics) -> list[Examples]:
        return one_group(load_examples, config, cases, training, statistics)

    def quality(self, config, sample, targets) -> float:
        return float((both_classes(sample).argmax(-1) == targets).mean())

    def reducers(self, config):
        return voxel_reducers()

    def finish(self, statistics):
        return voxel_maps(statistics) | {"votes": statistics["votes"]}
