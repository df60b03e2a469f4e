"""Deep supervision: a loss of the outputs of each level of a decoder, on the level's own grid.

The outputs of coarser levels serve training alone: a member's weights are those of `predicting`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.networks.probabilistic import of_prior
from tfuq.tasks import TaskLoss, task_of

_IMAGE_AND_SEED = 2  # inputs of a network that sees no labels
_FALL = 0.5  # of the weight from a level to the next coarser one


def predicting(trained: tf_keras.Model) -> tf_keras.Model:
    """The network that predicts, of the one that is trained.

    It has no outputs on coarser grids, and a probabilistic U-Net has no posterior network.
    """
    if len(trained.inputs) > _IMAGE_AND_SEED:
        return of_prior(trained)
    if len(trained.outputs) == 1:
        return trained
    return tf_keras.Model(trained.inputs, trained.outputs[0], name=trained.name)


def finest_outputs(outputs: tf.Tensor | Sequence[tf.Tensor]) -> tf.Tensor:
    """The outputs on the finest grid, of a network that may have outputs of coarser levels too."""
    if isinstance(outputs, (list, tuple)):
        return outputs[0]
    return outputs


def loss_of_levels(config: Config, loss: TaskLoss) -> TaskLoss:
    """The loss over the outputs of all levels: a mean with weights of 1, 1/2, 1/4 and so on.

    Args:
        config: The configuration of the network.
        loss: The loss of outputs on one grid.

    Returns:
        ``(targets, outputs of each level, seed) → [N]``. Outputs are those of the finest level
        first. Without deep supervision, it is the loss as it is.

    References:
        Lee et al. 2015, Deeply-supervised nets (AISTATS).
        Isensee et al. 2021, nnU-Net (Nature Methods), for the weights.
    """
    if not config.network.deep_supervision:
        return loss
    task = task_of(config)
    grids = _strides_of_grids(config)
    weights = level_weights(len(grids))

    def over_levels(targets: tf.Tensor, outputs: Sequence[tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
        losses = []
        for weight, strides, output in zip(weights, grids, outputs, strict=True):
            on_grid = targets
            if max(strides) > 1:
                on_grid = task.coarse_targets(targets, strides)
            losses.append(weight * loss(on_grid, output, seed))
        return tf.add_n(losses)

    return over_levels


def level_weights(levels: int) -> list[float]:
    """The weight of each level's loss, the finest first; their sum is 1."""
    falling = _FALL ** np.arange(levels)
    weights: list[float] = (falling / falling.sum()).tolist()
    return weights


def _strides_of_grids(config: Config) -> list[list[int]]:
    """Pixels of the image along each axis that a pixel of each level of the decoder spans."""
    network = config.network
    spans = np.ones(network.rank, int)
    grids = [spans.tolist()]
    # The last step leads to the bottom, which is no level of the decoder.
    for strides in network.strides_of_levels[:-1]:
        spans = spans * strides
        grids.append(spans.tolist())
    return grids
