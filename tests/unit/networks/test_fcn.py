"""FCN: what it is made of."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.support import references
from tests.support.networks import network, require_dropout_everywhere
from tfuq.networks.blocks import ConvolutionStyle
from tfuq.networks.fcn import fcn
from tfuq.networks.layers import LayerFactory

SEED = tf.constant([1, 2])


def test_every_dropout_acts(tmp_path):
    require_dropout_everywhere(tmp_path, "fcn", convolutions=8 + 2)


def test_fcn_sums_the_scores_of_its_last_three_levels(tmp_path):
    model = network(tmp_path, "fcn")
    scores = [model.get_layer(f"score{level}").output for level in (2, 3, 4)]
    assert [score.shape[1:] for score in scores] == [(4, 4, 3), (2, 2, 3), (1, 1, 3)]
    assert "score1" not in {layer.name for layer in model.layers}
    inside = tf_keras.Model(model.inputs, [*scores, model.output])
    two, three, four, logits = inside([tf.random.stateless_normal([1, 16, 16, 2], SEED), SEED])
    for k in range(3):
        total = references.linearly_enlarged(four.numpy()[0, ..., k], 2) + three.numpy()[0, ..., k]
        total = references.linearly_enlarged(total, 2) + two.numpy()[0, ..., k]
        np.testing.assert_allclose(
            logits[0, ..., k], references.linearly_enlarged(total, 4), atol=1e-5
        )


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_fewer_levels_than_three_are_all_scored(levels):
    layers = LayerFactory()
    image = tf_keras.Input((8, 8, 1))
    widths = [2, 3, 4][:levels]
    style = ConvolutionStyle(rank=2)
    logits = fcn(layers, image, outputs=3, widths=widths, style=style, level_dropout={})
    model = tf_keras.Model([image, layers.seed], logits)
    scored = [layer.name for layer in model.layers if layer.name.startswith("score")]
    assert sorted(scored) == [f"score{level}" for level in range(1, levels + 1)]
    assert model.output_shape == (None, 8, 8, 3)
