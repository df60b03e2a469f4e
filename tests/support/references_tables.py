"""Slow, obvious NumPy versions of the scores of tables, written from the formulas."""

from __future__ import annotations

import math

import numpy as np


def confusion(predicted, y, classes):
    return np.array(
        [
            [
                sum(t == i and g == j for t, g in zip(y, predicted, strict=True))
                for j in range(classes)
            ]
            for i in range(classes)
        ]
    )


def precision_recall_f1(predicted, y, k):
    hits = sum(t == k and g == k for t, g in zip(y, predicted, strict=True))
    guessed, true = sum(g == k for g in predicted), sum(t == k for t in y)
    precision, recall = hits / guessed if guessed else 0.0, hits / true if true else 0.0
    return precision, recall, 2 * hits / (guessed + true) if guessed + true else 0.0


def class_scores(p, y):
    predicted, n = [int(np.argmax(row)) for row in p], len(y)
    seen, true = sorted({*predicted, *y}), sorted(set(y))
    table = {k: precision_recall_f1(predicted, y, k) for k in seen}
    scores = {
        "accuracy": sum(t == g for t, g in zip(y, predicted, strict=True)) / n,
        "balanced_accuracy": sum(table[k][1] for k in true) / len(true),
        "nll": -sum(math.log(row[t]) for row, t in zip(p, y, strict=True)) / n,
        "brier": sum(
            (row[k] - (k == t)) ** 2 for row, t in zip(p, y, strict=True) for k in range(len(row))
        )
        / n,
    }
    for place, name in enumerate(("precision", "recall", "f1")):
        scores[f"{name}_macro"] = sum(table[k][place] for k in seen) / len(seen)
        scores[f"{name}_weighted"] = sum(table[k][place] * sum(t == k for t in y) for k in seen) / n
    return scores


def average_precision(score, positive):
    """Σ over thresholds, from the highest, of (recall gained) × (precision there)."""
    total, before = 0.0, 0.0
    for threshold in sorted(set(score), reverse=True):
        above = [bool(p) for s, p in zip(score, positive, strict=True) if s >= threshold]
        recall = sum(above) / sum(positive)
        total, before = total + (recall - before) * sum(above) / len(above), recall
    return total


def fpr95(inside, outside):
    """Over all thresholds that catch 95 in 100 of those outside, the smallest share of those inside that are caught too."""
    shares = []
    for threshold in {*inside, *outside}:
        if 100 * sum(u >= threshold for u in outside) >= 95 * len(outside):
            shares.append(sum(u >= threshold for u in inside) / len(inside))
    return min(shares)


def rejection_curve(uncertainty, correct):
    points = []
    for threshold in sorted(set(uncertainty)):
        kept = [c for u, c in zip(uncertainty, correct, strict=True) if u <= threshold]
        points.append((len(kept) / len(correct), sum(kept) / len(kept)))
    return np.array(points).T


def radial_error(a, b, mm_per_pixel):
    return mm_per_pixel * math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)


def pearson(x, y):
    a, b = [v - sum(x) / len(x) for v in x], [v - sum(y) / len(y) for v in y]
    return sum(u * v for u, v in zip(a, b, strict=True)) / math.sqrt(
        sum(u * u for u in a) * sum(v * v for v in b)
    )


def quantile_bins(x, bins):
    """The bin of each value: the first whose upper edge (by linear interpolation of the sorted values) it does not exceed."""
    ordered, edges = sorted(x), []
    for k in range(1, bins):
        place = (len(x) - 1) * k / bins
        low = math.floor(place)
        edges.append(
            ordered[low] + (place - low) * (ordered[min(low + 1, len(x) - 1)] - ordered[low])
        )
    return [sum(value > edge for edge in edges) for value in x]
