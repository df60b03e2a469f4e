"""Slow, obvious versions of failure, calibration and conformal scores, written from the formulas."""

from __future__ import annotations

import itertools
import math

import numpy as np


def selective_risks(confidence, risk):
    """Mean risk of the k most confident for k = 1 … n, averaged over every order of equal confidences."""
    n = len(risk)
    orders = [
        o
        for o in itertools.permutations(range(n))
        if all(confidence[a] >= confidence[b] for a, b in itertools.pairwise(o))
    ]
    return [
        np.mean([np.mean([risk[i] for i in order[:k]]) for order in orders])
        for k in range(1, n + 1)
    ]


def aurc(confidence, risk):
    return float(np.mean(selective_risks(confidence, risk)))


def e_aurc(confidence, risk):
    return aurc(confidence, risk) - aurc([-r for r in risk], risk)


def augrc(confidence, risk):
    n = len(risk)
    generalized = [0.0] + [
        r * k / n for k, r in enumerate(selective_risks(confidence, risk), start=1)
    ]
    return sum((a + b) / 2 / n for a, b in itertools.pairwise(generalized))


def bin_of(confidence, bins):
    return next(b for b in range(bins) if confidence <= (b + 1) / bins or b == bins - 1)


def gaps(confidence, correct, bins=15):
    """(share of items, |accuracy − confidence|) of every bin that has any."""
    found = []
    for b in range(bins):
        members = [i for i, c in enumerate(confidence) if bin_of(c, bins) == b]
        if members:
            gap = abs(
                np.mean([correct[i] for i in members]) - np.mean([confidence[i] for i in members])
            )
            found.append((len(members) / len(confidence), gap))
    return found


def maximum_calibration_error(p, y):
    return max(
        gap
        for _, gap in gaps(
            [max(row) for row in p], [int(np.argmax(row)) == t for row, t in zip(p, y, strict=True)]
        )
    )


def classwise_calibration_error(p, y):
    classes = range(len(p[0]))
    return np.mean(
        [sum(s * g for s, g in gaps([row[k] for row in p], [t == k for t in y])) for k in classes]
    )


def adaptive_calibration_error(p, y, bins=15):
    items = sorted((max(row), int(np.argmax(row)) == t) for row, t in zip(p, y, strict=True))
    total = 0.0
    for b in range(bins):
        part = items[b * len(items) // bins : (b + 1) * len(items) // bins]
        if part:
            total += (
                len(part)
                / len(items)
                * abs(np.mean([c for c, _ in part]) - np.mean([right for _, right in part]))
            )
    return total


def binned_brier(p, y, bins=15):
    """Reliability, resolution and uncertainty, from each class's bins."""
    n, parts = len(y), [0.0, 0.0, 0.0]
    for k in range(len(p[0])):
        base = sum(t == k for t in y) / n
        parts[2] += base * (1 - base)
        for b in range(bins):
            members = [i for i in range(n) if bin_of(p[i][k], bins) == b]
            if members:
                frequency, forecast = (
                    np.mean([y[i] == k for i in members]),
                    np.mean([p[i][k] for i in members]),
                )
                parts[0] += len(members) / n * (forecast - frequency) ** 2
                parts[1] += len(members) / n * (frequency - base) ** 2
    return parts


def adaptive_scores(row, u):
    """APS of every class: the mass of the likelier ones and u of its own (no two alike)."""
    return [sum(q for q in row if q > mine) + u * mine for mine in row]


def quantile(scores, alpha):
    """The smallest score that at least ⌈(n + 1)(1 − α)⌉ of the scores do not exceed."""
    return min(
        s
        for s in scores
        if sum(t <= s for t in scores) >= math.ceil((len(scores) + 1) * (1 - alpha))
    )


def missed_share(p, truth, threshold):
    total = sum(truth)
    return (
        sum(1 for q, t in zip(p, truth, strict=True) if t and q < threshold) / total
        if total
        else 0.0
    )


def excess_share(p, truth, threshold):
    excess = sum(1 for q, t in zip(p, truth, strict=True) if not t and q >= threshold)
    return min(1.0, excess / max(sum(truth), 1))


def recalibrated_nll(samples, y, weights, bias):
    """Mean −log of the mean over samples [T][n][K] of softmax(w·log p + b) at the true class."""
    total = 0.0
    for i, truth in enumerate(y):
        probability = 0.0
        for sample in samples:
            terms = [
                math.exp(w * math.log(q) + b)
                for q, w, b in zip(sample[i], weights, bias, strict=True)
            ]
            probability += terms[truth] / sum(terms) / len(samples)
        total -= math.log(probability) / len(y)
    return total
