"""Scaling of probabilities, fitted so that the mean of scaled samples has the least negative log-likelihood.

Every sample's probabilities p_t become softmax(w ⊙ log p_t + b) *before* the mean, as `tfuq.scaling` has it in the sampling graph.
Temperature τ is w = 1/τ, b = 0 (Guo et al. 2017): a sample's most likely class stays. Vector scaling has a w and b for each
class (of log-probabilities: the diagonal Dirichlet calibration of Kull et al. 2019).
"""

from __future__ import annotations

import numpy as np
from scipy import optimize
from scipy.special import log_softmax, logsumexp

TINY = 1e-30  # probabilities below count as this
_TEMPERATURES = (0.05, 20.0)
_PRIOR_SPREAD = 0.5


def scaled(p: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """softmax(w ⊙ log p + b) over the last axis."""
    return np.exp(log_softmax(np.log(np.maximum(p, TINY)) * weights + bias, -1))


def mean_nll(logs: np.ndarray, y: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> tuple[float, np.ndarray]:
    """Negative log-likelihood (nat) of the mean of scaled samples, and its gradient ``[2, K]`` by weights and bias.

    Args:
        logs: log-probabilities of samples ``[T, n, K]``.
        y: true classes ``[n]``.
    """
    log_q = log_softmax(logs * weights + bias, -1)
    true = np.take_along_axis(log_q, y[None, :, None], -1)[..., 0]  # [T, n]
    total = logsumexp(true, 0)
    share = np.exp(true - total) / len(y)
    difference = share[..., None] * (np.exp(log_q) - np.eye(logs.shape[-1])[y])
    gradient = np.stack([(difference * logs).sum((0, 1)), difference.sum((0, 1))])
    return float(-(total - np.log(len(logs))).mean()), gradient


def fit_temperature(logs: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias ``[K]`` of the best temperature between 0.05 and 20; arguments as in `mean_nll`."""
    ones, zeros = np.ones(logs.shape[-1]), np.zeros(logs.shape[-1])

    def nll(log_temperature):
        return mean_nll(logs, y, ones * np.exp(-log_temperature), zeros)[0]

    found = optimize.minimize_scalar(nll, bounds=np.log(_TEMPERATURES), method="bounded", options={"xatol": 1e-5})
    return ones * np.exp(-found.x), zeros


def fit_vector(logs: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (at least 0) and bias ``[K]`` of vector scaling, most probable given the items under a normal prior.

    Its mean is the best temperature, its standard deviation half of the weight and 0.5 nat: a class that is hardly ever wrong
    says little, and without a prior its weight grows until the next error costs more than all of the gain.
    """
    classes = logs.shape[-1]
    start = np.concatenate(fit_temperature(logs, y))
    spread = np.repeat([_PRIOR_SPREAD * start[0], _PRIOR_SPREAD], classes)

    def loss(parameters):
        value, gradient = mean_nll(logs, y, *parameters.reshape(2, classes))
        away = (parameters - start) / spread
        return value + (away**2).sum() / 2 / len(y), gradient.ravel() + away / spread / len(y)

    bounds = [(0.0, None)] * classes + [(None, None)] * classes
    found = optimize.minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    return found.x[:classes], found.x[classes:]


FITS = {"temperature": fit_temperature, "vector": fit_vector}
