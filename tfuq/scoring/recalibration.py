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
_MOST_WEIGHT = 20.0


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
    """Weights (0…20) and bias ``[K]`` of the best vector scaling, from the best temperature on."""
    classes = logs.shape[-1]

    def nll(parameters):
        value, gradient = mean_nll(logs, y, *parameters.reshape(2, classes))
        return value, gradient.ravel()

    bounds = [(0.0, _MOST_WEIGHT)] * classes + [(-_MOST_WEIGHT, _MOST_WEIGHT)] * classes
    found = optimize.minimize(nll, np.concatenate(fit_temperature(logs, y)), jac=True, bounds=bounds, method="L-BFGS-B")
    return found.x[:classes], found.x[classes:]


FITS = {"temperature": fit_temperature, "vector": fit_vector}
