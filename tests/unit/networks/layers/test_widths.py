"""Widths of variational weights are inferred: they end where the ELBO has them, wherever they start."""

import csv
import json

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings, write_decathlon
from tests.support.observers import Stop
from tfuq import config as configuration
from tfuq.config import Config
from tfuq.errors import RunError
from tfuq.networks.layers import GaussianPosterior, LayerFactory, layer_widths
from tfuq.networks.weights import load_arrays, save_arrays
from tfuq.runs import Run
from tfuq.sampling.members import load_posterior
from tfuq.training import train
from tfuq.training.step import TrainingStep
from tfuq.training.strategy import make_strategy
from tfuq.workflows.doctor.variational import widths_did_not_move

STARTS = (1e-5, 0.001, 0.0067, 0.03)
NOISE = 0.5  # standard deviation of the regression's targets
PRIOR = 1.0
LEARNING_RATE = 0.002
EXAMPLES = 512


def regression():
    """Correlated inputs ``[N, 4]`` of unlike size and targets ``[N]``, both of mean zero."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(EXAMPLES, 4)) * [0.4, 0.7, 1.0, 1.6]
    x[:, 2] += 0.8 * x[:, 1]
    x -= x.mean(0)
    y = x @ [0.7, -1.0, 0.5, 0.2] + rng.normal(0, NOISE, EXAMPLES)
    return x, y - y.mean()


def mean_field_optimum(x, y):
    """Means and widths of the best Gaussian of independent weights, of y ~ N(x·w, NOISE²) and w ~ N(0, PRIOR²) (Bishop 2006, §10.1.2)."""
    precision = x.T @ x / NOISE**2 + np.eye(x.shape[1]) / PRIOR**2
    return np.linalg.solve(precision, x.T @ y / NOISE**2), 1 / np.sqrt(np.diag(precision))


def train_steps(model, strategy, loss, data, steps):
    """Full-batch training by the product's step and optimizer."""
    images, targets = (tf.constant(array, tf.float32) for array in data)
    config = settings(
        "x", "vi", training={"batch_size": len(images), "learning_rate": LEARNING_RATE}
    )
    step = TrainingStep(config, strategy, model, loss)
    for count in range(steps):
        step(images, targets, tf.constant([5, count]), tf.constant(1.0))


def trained_regression(start, estimator, steps, data):
    """Means and widths after training by the product's layer, step and optimizer."""
    inputs, examples = data[0].shape[1], len(data[0])
    tf_keras.utils.set_random_seed(1)
    strategy = make_strategy("cpu:1")
    with strategy.scope():
        posterior = GaussianPosterior(
            initial_scale=start,
            prior_scale=PRIOR,
            kl_scale=1 / examples,
            estimator=estimator,
        )
        layers = LayerFactory(weights=posterior)
        image = tf_keras.Input((inputs,), name="image")
        model = tf_keras.Model([image, layers.seed], layers.dense(1, name="regression")(image))

    def loss(targets, outputs, _seed):
        return tf.square(outputs[:, 0] - targets) / (2 * NOISE**2)

    train_steps(model, strategy, loss, data, steps)
    loc, rho = (variable.numpy().ravel() for variable in model.trainable_variables[:2])
    return loc, np.log1p(np.exp(rho))


@pytest.mark.parametrize("start", STARTS)
def test_bayesian_linear_regression_has_the_mean_field_optimum(start):
    """Means within a tenth of a width, widths within 6 %, from starts of 1e-5 to 0.03."""
    data = regression()
    means, widths = mean_field_optimum(*data)
    loc, found = trained_regression(start, "flipout", 3000, data)
    np.testing.assert_allclose(loc, means, atol=0.1 * widths.min())
    np.testing.assert_allclose(found, widths, rtol=0.06)


@pytest.mark.parametrize("start", [0.01, 0.1, 2.0])
def test_width_of_a_latent_code_is_that_of_its_posterior(start):
    """z ~ N(0, 1) seen through y ~ N(z, NOISE²) has the posterior variance 1 / (1 + 1 / NOISE²)."""
    examples, size = 64, 4
    strategy = make_strategy("cpu:1")
    with strategy.scope():
        layers = LayerFactory()
        image = tf_keras.Input((2 * size,), name="image")
        code = layers.code(kl_scale=1 / size, initial_scale=start, name="code")(image)
        model = tf_keras.Model([image, layers.seed], code)

    def loss(targets, outputs, _seed):
        return tf.reduce_mean(tf.square(outputs - targets) / (2 * NOISE**2), axis=-1)

    train_steps(
        model, strategy, loss, (np.zeros([examples, 2 * size]), np.zeros([examples, size])), 500
    )
    width = np.log1p(np.exp(model.trainable_variables[0].numpy()))
    assert width == pytest.approx((1 + 1 / NOISE**2) ** -0.5, rel=0.05)


def trained_from(starts, config, folder):
    """Runs of a configuration that differ in the width which they start with."""
    runs = []
    for start in starts:
        variational = config.variational.model_copy(update={"initial_scale": start})
        runs.append(
            train(config.model_copy(update={"variational": variational}), folder / str(start))
        )
    return runs


def last_row(run):
    with (run.member(0) / "history.csv").open() as file:
        return {
            name: float(value) for name, value in list(csv.DictReader(file))[-1].items() if value
        }


@pytest.fixture(scope="module")
def from_three_starts(tmp_path_factory):
    """A small network after 60 steps on 60 cases, from widths of 0.001, 0.0067 and 0.03."""
    folder = tmp_path_factory.mktemp("starts")
    training = {"epochs": 1, "steps_per_epoch": 60, "learning_rate": 0.01}
    data = {"split": {"train": 60, "validation": 2, "test": 2}}
    config = settings(write_decathlon(folder / "data", 64), "vi", training=training, data=data)
    return trained_from((0.001, 0.0067, 0.03), config, folder)


def test_widths_of_a_small_network_do_not_depend_on_where_they_start(from_three_starts):
    medians = [last_row(run)["posterior_width"] for run in from_three_starts]
    assert max(medians) < 1.2 * min(medians)
    assert min(medians) > 10 * 0.001


def test_environment_states_where_widths_started_and_ended(from_three_starts):
    for run, start in zip(from_three_starts, (0.001, 0.0067, 0.03), strict=True):
        widths = layer_widths(load_arrays(run.member(0) / "weights.npz"))
        median = np.median(np.concatenate([width.ravel() for width in widths.values()]))
        assert run.facts["posterior_width"] == {
            "member 0": {"start": start, "end": pytest.approx(median)}
        }
        assert list(widths_did_not_move(run)) == []


def test_doctor_finds_widths_that_did_not_move(from_three_starts, tmp_path):
    """As a run of the optimizer without the common step left them: 0.0081 from 0.0067."""
    healthy = from_three_starts[1]
    run = Run(tmp_path, healthy.config)
    arrays = load_arrays(healthy.member(0) / "weights.npz")
    for name in arrays:
        if name.endswith("untransformed_scale"):
            arrays[name] = np.full_like(arrays[name], np.log(np.expm1(0.0081)))
    run.member(0).mkdir(parents=True)
    digest = save_arrays(run.member(0) / "weights.npz", arrays)
    (run.member(0) / "done").write_text(json.dumps({"digest": digest}))
    (finding,) = widths_did_not_move(run)
    assert (finding.check, finding.severity) == ("widths", "caution")
    assert "between 0.0081 and 0.0081, and variational.initial_scale is 0.0067" in finding.problem
    point = Run(
        tmp_path, Config.model_validate(healthy.config.model_dump() | {"method": "deterministic"})
    )
    assert list(widths_did_not_move(point)) == []


@pytest.mark.slow
def test_a_trained_network_does_not_depend_on_where_its_widths_start(tmp_path):
    """The phantom, 320 steps: medians within 20 %, Dice within 0.005."""
    tree = configuration.load("quickstart").model_dump() | {"method": "vi"}
    tree["data"]["root"] = str(tmp_path / "data")
    tree["training"] |= {"epochs": 20, "schedule": "cosine"}
    runs = trained_from((0.001, 0.0067, 0.03), Config.model_validate(tree), tmp_path)
    rows = [last_row(run) for run in runs]
    medians = [row["posterior_width"] for row in rows]
    dice = [row["val_dice"] for row in rows]
    assert max(medians) < 1.2 * min(medians)
    assert max(dice) < min(dice) + 0.005


def test_weight_decay_takes_weights_and_not_widths(balls, tmp_path):
    """Decay of nearly everything in a step empties the means; of what makes the widths it would leave log 2."""
    changes = {"training": {"weight_decay": 90.0, "learning_rate": 0.01, "steps_per_epoch": 1}}
    run = train(settings(balls, "vi", **changes), tmp_path / "run")
    arrays = load_arrays(run.member(0) / "weights.npz")
    assert np.abs(arrays["logits/kernel_posterior_loc"]).max() < 0.2
    for width in layer_widths(arrays).values():
        np.testing.assert_allclose(width, 0.0067, rtol=0.25)


def test_runs_whose_code_had_a_constant_width_predict_as_they_did(trained, tmp_path):
    run = trained("latent-vi")
    arrays = load_arrays(run.member(0) / "weights.npz")
    changed = Run(tmp_path, run.config)
    changed.member(0).mkdir(parents=True)
    arrays.pop("code/untransformed_scale")
    digest = save_arrays(changed.member(0) / "weights.npz", arrays)
    (changed.member(0) / "done").write_text(json.dumps({"digest": digest}))
    for name in ("environment.json", "splits.json"):
        (tmp_path / name).write_bytes((run.path / name).read_bytes())
    model = load_posterior(changed, "latent-vi", keep=0).members[0].model
    (width,) = (
        np.logaddexp(0, v.numpy()) for v in model.weights if v.name == "code/untransformed_scale:0"
    )
    assert width == pytest.approx(run.config.latent.initial_scale, rel=1e-6)


def test_a_state_without_the_common_step_is_refused_with_what_to_do(trained, balls, tmp_path):
    config = settings(balls, "vi", training={"epochs": 2})

    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "run", observer=Stop(epoch=1, step=0))
    path = tmp_path / "run" / "members" / "0" / "state.npz"
    arrays = load_arrays(path)
    last = max(
        int(name.removeprefix("optimizer/")) for name in arrays if name.startswith("optimizer/")
    )
    arrays.pop(f"optimizer/{last}")
    save_arrays(path, arrays)
    with pytest.raises(
        RunError, match="earlier tfuq; delete it to train the member from its start"
    ):
        train(config, tmp_path / "run", resume=True)
