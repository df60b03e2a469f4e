"""Adam that also infers the widths of variational weights: they end where the ELBO has them."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tfuq.networks.layers import LayerFactory
from tfuq.networks.layers.variational import GaussianPosterior
from tfuq.training.optimizer import WidthAdam, make_optimizer
from tfuq.training.step import TrainingStep
from tfuq.training.strategy import make_strategy

STARTS = (  # those between the ends take as long
    pytest.param(1e-5, marks=pytest.mark.slow),
    pytest.param(0.001, marks=pytest.mark.slow),
    pytest.param(0.0067, marks=pytest.mark.slow),
    0.03,
)
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


@pytest.mark.parametrize("start", [0.01, pytest.param(0.1, marks=pytest.mark.slow), 2.0])
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


def steps_of(optimizer, variables, gradients):
    """Values of the variables after each of several steps."""
    optimizer.build(variables)
    values = []
    for gradient in gradients:
        optimizer.apply_gradients(zip(gradient, variables, strict=True))
        values.append([variable.numpy() for variable in variables])
    return values


def adam(weights, gradients, rate):
    """Kingma & Ba 2015, algorithm 1, in float64, with ε as tf_keras has it: before the bias is corrected."""
    weights, mean, square = np.array(weights), 0.0, 0.0
    values = []
    for t, gradient in enumerate(gradients, start=1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        rate_t = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        weights = weights - rate_t * mean / (np.sqrt(square) + 1e-7)
        values.append(weights)
    return np.array(values)


def test_weights_take_the_steps_of_adam():
    gradients = np.array([[0.5, -2.0], [1.0, 1.0], [0.0, 3.0]])
    optimizer = WidthAdam(0.1, width_learning_rate=0.15)
    tensors = [[tf.constant(gradient, tf.float32)] for gradient in gradients]
    ours = steps_of(optimizer, [tf.Variable([1.0, 2.0], name="kernel")], tensors)
    np.testing.assert_allclose(np.squeeze(ours), adam([1.0, 2.0], gradients, 0.1), rtol=1e-6)


def test_the_first_common_step_multiplies_all_widths_by_one_factor():
    """exp(−η / √1.1) to first order, whatever the size of the gradient."""
    raw = np.log(np.expm1([0.01, 0.02, 0.05])).astype(np.float32)
    variable = tf.Variable(raw, name="kernel_posterior_untransformed_scale")
    optimizer = WidthAdam(0.0, width_learning_rate=0.01)
    ((after,),) = steps_of(optimizer, [variable], [[tf.constant([1e-6, 3.0, 40.0])]])
    factor = np.logaddexp(0, after) / np.logaddexp(0, raw)
    np.testing.assert_allclose(factor, np.exp(-0.01 / np.sqrt(1.1)), rtol=3e-4)


def test_widths_take_no_common_step_while_they_are_held_and_the_first_one_after():
    raw = np.log(np.expm1([0.01, 0.02, 0.05])).astype(np.float32)
    variable = tf.Variable(raw, name="kernel_posterior_untransformed_scale")
    optimizer = WidthAdam(0.0, width_learning_rate=0.01, held_steps=2)
    gradients = [[tf.constant([1e-6, 3.0, 40.0])]] * 3
    held, still_held, free = (values[0] for values in steps_of(optimizer, [variable], gradients))
    np.testing.assert_array_equal([held, still_held], [raw, raw])
    factor = np.logaddexp(0, free) / np.logaddexp(0, raw)
    np.testing.assert_allclose(factor, np.exp(-0.01 / np.sqrt(1.1)), rtol=3e-4)


GRADIENTS = np.array([[0.5, -2.0], [1.0, 1.0], [0.0, 3.0], [-4.0, 2.0]], np.float32)


def configured(**training):
    """The configured optimizer's values of a variable after each step by `GRADIENTS`, and it."""
    optimizer = make_optimizer(settings("x", training={"learning_rate": 0.1, **training}))
    variable = tf.Variable([1.0, 2.0], name="kernel")
    values = steps_of(optimizer, [variable], [[tf.constant(gradient)] for gradient in GRADIENTS])
    return np.array(values)[:, 0], optimizer, variable


def test_sgd_has_nesterov_s_momentum_and_decay_apart_from_it():
    found, _, _ = configured(optimizer="sgd", momentum=0.9, weight_decay=0.5)
    value, velocity = np.array([1.0, 2.0]), np.zeros(2)
    for gradient, after in zip(GRADIENTS, found, strict=True):
        value = value * (1 - 0.1 * 0.5)
        velocity = 0.9 * velocity - 0.1 * gradient
        value = value + 0.9 * velocity - 0.1 * gradient
        np.testing.assert_allclose(after, value, rtol=1e-5)


def test_gradients_are_clipped_to_a_norm_of_all_of_them():
    found, _, _ = configured(optimizer="sgd", momentum=0.0, clip_norm=2.0)
    norms = np.linalg.norm(GRADIENTS, axis=1, keepdims=True)
    steps = 0.1 * GRADIENTS * np.minimum(1, 2 / norms)
    np.testing.assert_allclose(found, [1.0, 2.0] - np.cumsum(steps, 0), rtol=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_average_keeps_little_of_itself_at_first_and_nothing_of_the_start(optimizer):
    found, made, variable = configured(optimizer=optimizer, ema=0.2)
    average = 0.0
    for number, value in enumerate(found):
        share = min(number / (number + 10), 0.2)
        average = share * average + (1 - share) * value
    made.finalize_variable_values([variable])
    np.testing.assert_allclose(variable, average, rtol=1e-5)


@pytest.mark.parametrize(("decay", "expected"), [(0.0, None), (0.25, 0.25)])
def test_no_weight_decay_is_none(tmp_path, decay, expected):
    config = settings(tmp_path, training={"weight_decay": decay, "learning_rate": 0.5})
    optimizer = make_optimizer(config)
    assert optimizer.weight_decay == expected
    assert float(optimizer.learning_rate) == 0.5
