"""How a task makes a sample from a network's outputs."""

import pytest
import tensorflow as tf

from tests.conftest import settings, task_settings
from tfuq.sampling.members import build_member
from tfuq.tasks import task_of
from tfuq.tasks.activation import Activation, channels_of_sample


@pytest.mark.parametrize("heteroscedastic", [False, True])
@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_every_task_has_one_of_outputs_seed_and_corner(task, heteroscedastic):
    """A sample has as many examples and pixels as the outputs, and is finite."""
    network = {"heteroscedastic": heteroscedastic}
    config = settings("nowhere", rank=2, network=network)
    if task != "segmentation":
        config = task_settings(task, "nowhere", network=network)
    activation: Activation = task_of(config).activation(config)
    channels = task_of(config).outputs(config)
    outputs = tf.random.stateless_normal([2, 4, 6, channels], [1, 2])
    if task == "classification":
        outputs = outputs[:, 0, 0]
    corner = tf.zeros([1, len(outputs.shape) - 2], tf.int32)
    sample = activation(outputs, tf.constant([3, 4]), corner)
    assert sample.shape[:-1] == outputs.shape[:-1]
    assert bool(tf.reduce_all(tf.math.is_finite(sample)))


def test_channels_are_those_of_the_samples():
    """Log variances of a heteroscedastic classifier are integrated over: they are no channels."""
    network = {"heteroscedastic": True}
    config = task_settings("classification", "nowhere", network=network)
    model = build_member(config, channels=1)
    channels = channels_of_sample(model, task_of(config).activation(config))
    assert (model.outputs[0].shape[-1], channels) == (20, 10)
