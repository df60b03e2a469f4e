"""Scaling of probabilities, fitted so that the mean of scaled samples has the least loss.

The loss is the negative log-likelihood. Every sample's probabilities p_t become
softmax(w ⊙ log p_t + b) *before* the mean, as `tfuq.calibration.reducers` has it in the sampling
graph. Temperature τ is w = 1/τ, b = 0: a sample's most likely class stays. Vector scaling has a w
and b for each class (of log-probabilities: the diagonal Dirichlet calibration).

References:
    Guo et al. 2017, ICML (temperature); Kull et al. 2019, NeurIPS (vector).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax, logsumexp

from tfuq.data.on_use import ModuleOnUse

if TYPE_CHECKING:
    from scipy import optimize
else:
    optimize = ModuleOnUse("scipy.optimize")

TINY = 1e-30  # probabilities below count as this
TEMPERATURES = (0.05, 20.0)  # among which the best is looked for
_PRIOR_SPREAD = 0.5


def scaled(p: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """softmax(w ⊙ log p + b) over the last axis.

    Args:
        p: probabilities ``[…, K]``.
        weights: ``[K]``.
        bias: ``[K]``.
    """
    logs = np.log(np.maximum(p, TINY))
    scaled: np.ndarray = np.exp(log_softmax(logs * weights + bias, -1))
    return scaled


def mean_nll(
    logs: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray,
) -> tuple[float, np.ndarray]:
    """Negative log-likelihood (nat) of the mean of scaled samples, and its gradient.

    Args:
        logs: log-probabilities of samples ``[T, n, K]``.
        y: true classes ``[n]``.
        weights: ``[K]``.
        bias: ``[K]``.

    Returns:
        The value, and its gradient ``[2, K]`` by weights and bias.
    """
    samples, items, classes = logs.shape
    log_q = log_softmax(logs * weights + bias, -1)
    true = np.take_along_axis(log_q, y[None, :, None], -1)[..., 0]  # [T, n]
    total = logsumexp(true, 0)
    share = np.exp(true - total) / items
    one_hot = np.eye(classes)[y]
    difference = share[..., None] * (np.exp(log_q) - one_hot)
    by_weights = (difference * logs).sum((0, 1))
    by_bias = difference.sum((0, 1))
    log_likelihood = total - np.log(samples)
    return float(-log_likelihood.mean()), np.stack([by_weights, by_bias])


def fit_temperature(logs: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias ``[K]`` of the best temperature between 0.05 and 20.

    Args:
        logs: log-probabilities of samples ``[T, n, K]``.
        y: true classes ``[n]``.
    """
    classes = logs.shape[-1]
    ones = np.ones(classes)
    zeros = np.zeros(classes)

    def nll(log_temperature: float) -> float:
        value, _ = mean_nll(logs, y, ones * np.exp(-log_temperature), zeros)
        return value

    result = optimize.minimize_scalar(
        nll,
        bounds=np.log(TEMPERATURES),
        method="bounded",
        options={"xatol": 1e-5},
    )
    return ones * np.exp(-result.x), zeros


def fit_vector(logs: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (at least 0) and bias ``[K]`` of vector scaling.

    They are the most probable given the items under a normal prior. Its mean is the best
    temperature, its standard deviation half of the weight and 0.5 nat. A class that is hardly ever
    wrong says little; without a prior its weight grows until the next error costs more than all of
    the gain.

    Args:
        logs: log-probabilities of samples ``[T, n, K]``.
        y: true classes ``[n]``.
    """
    items = len(y)
    classes = logs.shape[-1]
    start = np.concatenate(fit_temperature(logs, y))
    spread = np.repeat([_PRIOR_SPREAD * start[0], _PRIOR_SPREAD], classes)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = parameters.reshape(2, classes)
        value, gradient = mean_nll(logs, y, weights, bias)
        deviation = (parameters - start) / spread
        penalty = (deviation**2).sum() / 2 / items
        return value + penalty, gradient.ravel() + deviation / spread / items

    bounds = [(0.0, None)] * classes + [(None, None)] * classes
    result = optimize.minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    return result.x[:classes], result.x[classes:]


FITS = {"temperature": fit_temperature, "vector": fit_vector}
