"""Classification: a class for every image."""

from __future__ import annotations

from tfuq.config import Config
from tfuq.data.classification import ClassificationSet, load_examples
from tfuq.data.dataset import Examples, join, make_preprocessor
from tfuq.losses import Loss, sample_probabilities
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.tasks.segmentation import both_classes, class_loss, logits_of


class Classification:
    """See `tfuq.tasks.base.Task`."""

    def unit(self, config):
        return "image"

    def outputs(self, config: Config) -> int:
        return 1 if config.network.output == "sigmoid" else len(config.data.classes)

    def activation(self, config):
        return sample_probabilities

    def training_set(self, config, cases, statistics):
        return ClassificationSet(config, cases, statistics)

    def validation(self, config, cases, training, statistics) -> list[Examples]:
        preprocessor = make_preprocessor(config, statistics)
        return join([training.checked(case, load_examples(config, preprocessor, case)) for case in cases])

    def loss(self, config, training) -> Loss:
        return class_loss(config, training)

    def outputs_of(self, config, sample):
        return logits_of(sample)

    def quality(self, config, sample, targets) -> float:
        return float((both_classes(sample).argmax(-1) == targets).mean())

    def reducers(self, config):
        return voxel_reducers()

    def finish(self, statistics):
        return voxel_maps(statistics) | {"votes": statistics["votes"]}
