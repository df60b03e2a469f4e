"""Deep supervision: what is trained beside what predicts, and the loss of both."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tests.support.references import class_losses
from tfuq.networks.weights import model_arrays
from tfuq.sampling.members import build_member
from tfuq.tasks import task_of
from tfuq.training.supervision import level_weights, loss_of_levels, predicting

NETWORK = {
    "name": "residual-unet",
    "patch_size": [8, 8],
    "widths": [2, 3, 4, 5],
    "strides": [[2, 1], [2, 2], [1, 2]],
    "deep_supervision": True,
    "output": "softmax",
    "level_dropout": {},
}
SEED = tf.constant([1, 2])


@pytest.fixture(scope="module")
def config():
    return settings("x", "deterministic", 2, network=NETWORK)


@pytest.mark.parametrize(("levels", "expected"), [(2, [2 / 3, 1 / 3]), (3, [4 / 7, 2 / 7, 1 / 7])])
def test_each_coarser_level_weighs_half(levels, expected):
    assert level_weights(levels) == pytest.approx(expected)


def test_the_loss_is_the_weighted_mean_over_the_grids_of_the_decoder(config):
    """Levels of 8×8, 4×8 and 2×4 pixels; the label of a coarse pixel is that at its middle."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (1, 8, 8))
    outputs = [rng.normal(size=(1, *size, 2)) for size in ((8, 8), (4, 8), (2, 4))]
    of_one_grid = task_of(config).loss(config, SimpleNamespace(class_weights=[]))
    loss = loss_of_levels(config, of_one_grid)
    found = loss(tf.constant(labels), [tf.constant(o, tf.float32) for o in outputs], SEED)
    grids = [labels, labels[:, 1::2], labels[:, 2::4, 1::2]]
    expected = 0.0
    for weight, grid, logits in zip((4 / 7, 2 / 7, 1 / 7), grids, outputs, strict=True):
        p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        losses = class_losses(p.reshape(-1, 2), grid.ravel(), None, dice_weight=0.5)
        expected += weight * losses["dice-ce"]
    assert float(found[0]) == pytest.approx(expected, rel=1e-5)


def test_without_it_the_loss_stays_as_it_is():
    def loss(targets, outputs, seed):
        return outputs

    assert loss_of_levels(settings("x"), loss) is loss


# A latent network is a variational one with a layer more, which is not of a coarser level.
@pytest.mark.parametrize(
    "method",
    [
        "deterministic",
        "vi",
        "latent-vi",
    ],
)
@pytest.mark.slow
def test_the_network_that_predicts_has_neither_outputs_nor_weights_of_coarser_levels(method):
    config = settings("x", method, 2, network=NETWORK)
    trained = build_member(config, channels=1, is_trained=True)
    assert [tuple(output.shape[1:]) for output in trained.outputs] == [
        (8, 8, 2),
        (4, 8, 2),
        (2, 4, 2),
    ]
    network = predicting(trained)
    alone = build_member(config, channels=1)
    assert set(model_arrays(network)) == set(model_arrays(alone))
    x = tf.random.stateless_normal([1, 8, 8, 1], SEED)
    np.testing.assert_array_equal(network([x, SEED]), trained([x, SEED])[0])
    assert predicting(alone) is alone


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "inputs", "channels"),
    [
        ("probabilistic-unet", 3, 2),
        ("stochastic-segmentation", 2, 2 * (2 + 10)),
    ],
)
def test_networks_of_labels_predict_without_what_serves_training_alone(method, inputs, channels):
    """Labels and posterior of the one; the other has a Gaussian of logits on every grid."""
    config = settings("x", method, 2, network=NETWORK)
    trained = build_member(config, channels=1, is_trained=True)
    assert len(trained.inputs) == inputs
    x = tf.random.stateless_normal([1, 8, 8, 1], SEED)
    labels = tf.zeros([1, 8, 8], tf.int32)
    outputs = trained([x, SEED, labels][:inputs])
    sizes = [(8, 8, 2), (4, 8, channels), (2, 4, channels)]
    assert [tuple(output.shape[1:]) for output in outputs] == sizes
    network = predicting(trained)
    alone = build_member(config, channels=1)
    assert list(model_arrays(network)) == list(model_arrays(alone))
    alone.set_weights(network.get_weights())
    np.testing.assert_array_equal(network([x, SEED]), alone([x, SEED]))
