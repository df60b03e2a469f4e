"""Slow, obvious NumPy versions of what makes the members of an ensemble differ."""

from __future__ import annotations

import itertools
import math

import numpy as np


def negative_correlation(members, weights):
    """Penalties ``[M, N]`` of probabilities ``[M, N, terms, K]``, as Liu & Yao write them."""
    mean = np.mean(members, 0)
    penalties = np.zeros(members.shape[:2])
    for i, n in np.ndindex(*penalties.shape):
        for term, weight in enumerate(weights[n]):
            own = members[i, n, term] - mean[n, term]
            others = sum(members[j, n, term] - mean[n, term] for j in range(len(members)) if j != i)
            penalties[i, n] += weight * float(own @ others)
    return penalties


def squared_distance(f, g, weights):
    """Of two members' probabilities ``[N, terms, K]``."""
    total = 0.0
    for index, weight in np.ndenumerate(weights):
        total += weight * float(((f[index] - g[index]) ** 2).sum())
    return total


def log_densities(members, weights, bandwidth=None, centres=None):
    """The log density of ``centres`` about each of ``members``; both are the same by default."""
    centres = members if centres is None else centres
    if bandwidth is None:
        pairs = itertools.combinations(centres, 2)
        distances = [squared_distance(f, g, weights) for f, g in pairs]
        bandwidth = np.median(distances) / math.log(len(centres) + 1)
    densities = []
    for f in members:
        kernels = [math.exp(-squared_distance(f, g, weights) / bandwidth) for g in centres]
        densities.append(math.log(sum(kernels) / len(kernels)))
    return np.array(densities)


def slope(function, array, index, step=1e-6):
    """Of a number by one element of an array, by central differences."""
    moved = []
    for sign in (1, -1):
        other = array.copy()
        other[index] += sign * step
        moved.append(function(other))
    return (moved[0] - moved[1]) / (2 * step)


def anchoring(weights, anchors, scales):
    """Σ (θ − θ_anchor)² / 2σ² over arrays."""
    total = 0.0
    for weight, anchor, scale in zip(weights, anchors, scales, strict=True):
        total += float(((weight - anchor) ** 2).sum()) / (2 * scale**2)
    return total


def some_members(members=4, seed=0):
    """Probabilities of 3 examples of 5 terms of 3 classes, and weights, of which one is 0."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(3), (members, 3, 5))
    weights = rng.uniform(size=(3, 5))
    weights[1, 2] = 0.0
    return p, weights
