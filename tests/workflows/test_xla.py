"""Networks that XLA compiles, as on GPUs, beside the plain ones."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import tensorflow as tf

from tests.conftest import settings, task_settings
from tests.support.alike import assert_alike
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.prediction import make_predictor
from tfuq.prediction.request import request_of
from tfuq.sampling.compiled import make_sampler
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.tasks import task_of
from tfuq.training.step import TrainingStep
from tfuq.training.strategy import make_strategy

SEED = tf.constant([1, 2])
NETWORK = {"widths": [4, 8], "level_dropout": {2: 0.5}}


def sampler_of(config, model, *, with_xla):
    network = windowed(config, model, keep=0, with_xla=with_xla)
    return make_sampler(Posterior([network]), voxel_reducers(), finish=voxel_maps)


def sampled(sampler, image):
    tensors = sampler.sample(image, SEED, tf.constant(3))
    return {name: tensor.numpy() for name, tensor in tensors.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "rank"),
    [
        ("mc-dropout", 2),
        ("vi", 3),
        ("vi", 2),
        ("mc-dropout", 3),
        ("latent-vi", 3),
        ("probabilistic-unet", 2),
        ("stochastic-segmentation", 3),
    ],
)
def test_compiled_and_plain_networks_agree_and_repeat(tmp_path, method, rank):
    config = settings(tmp_path, method, rank, network=NETWORK, prediction={"chunk": 2})
    model = build_member(config, channels=1)
    for index, variable in enumerate(model.weights):
        if "bias" in variable.name and variable.shape.rank == 1:
            # Where all units are off, classes would be equally probable.
            variable.assign(tf.random.stateless_normal(variable.shape, [index, 0]))
    # Three windows: the last chunk is filled up, and the windows are blended.
    image = tf.random.stateless_normal([1, 16, 30, *[16] * (rank - 2), 1], SEED)
    plain = sampled(sampler_of(config, model, with_xla=False), image)
    sampler = sampler_of(config, model, with_xla=True)
    compiled = sampled(sampler, image)
    again = sampled(sampler, image)
    assert_alike(compiled, plain)
    for name, values in compiled.items():
        assert values.tobytes() == again[name].tobytes(), name
    assert compiled["mutual_information"].max() > 0


@pytest.mark.slow
def test_dropout_between_dense_layers_compiles(tmp_path):
    """XLA needs static shapes, while the plain network leaves out the units of each mask."""
    config = task_settings("classification", tmp_path, prediction={"chunk": 2})
    model = build_member(config, channels=1)
    images = tf.random.stateless_normal([5, 28, 28, 1], SEED)
    plain = sampled(sampler_of(config, model, with_xla=False), images)
    compiled = sampled(sampler_of(config, model, with_xla=True), images)
    assert_alike(compiled, plain)
    assert compiled["mutual_information"].max() > 0


@pytest.mark.slow
@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_compiled_and_plain_predictors_agree(run_of, task):
    run = run_of(task, "mc-dropout")
    images = tf.random.stateless_normal([3, *run.config.network.patch_size, 1], SEED).numpy()
    request = request_of(run.config, "mc-dropout", samples=3, seed=1)
    plain, compiled = (
        make_predictor(run, replace(request, with_xla=with_xla)).draw(images).arrays()
        for with_xla in (False, True)
    )
    assert_alike(compiled, plain)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "rank"),
    [
        ("mc-dropout", 2),
        ("mc-dropout", 3),
        ("vi", 3),
        ("latent-vi", 3),
        ("probabilistic-unet", 2),
        ("stochastic-segmentation", 3),
    ],
)
def test_compiled_and_plain_training_steps_agree(tmp_path, method, rank):
    config = settings(tmp_path, method, rank, network=NETWORK)
    strategy = make_strategy("cpu:1")
    images = tf.random.stateless_normal([2, *[16] * rank, 1], SEED)
    targets = tf.cast(images[..., 0] > 0.5, tf.int32)
    loss = task_of(config).loss(config, SimpleNamespace(class_weights=[1.0, 1.0, 1.0]))
    results = []
    with strategy.scope():
        models = [build_member(config, channels=1, is_trained=True) for _ in range(2)]
    models[1].set_weights(models[0].get_weights())
    for model, with_xla in zip(models, (False, True), strict=True):
        step = TrainingStep(config, strategy, model, loss, with_xla=with_xla)
        for _ in range(2):  # the second loss is that of the weights after the first step
            logs = step(images, targets, SEED, tf.constant(1.0))
        results.append({name: float(value) for name, value in logs.items()})
    assert results[1] == pytest.approx(results[0], rel=1e-4)
