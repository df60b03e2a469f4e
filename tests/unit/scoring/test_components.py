"""Components of classes and means over them, against scipy class by class."""

import numpy as np
import pytest
from scipy import ndimage

from tfuq.scoring import components
from tfuq.scoring.components import boxes_of, components_of


def whole_rows(label, truth, names, values):
    """Rows of components, by scipy over the whole volume for each class."""
    rows = []
    for k, name in enumerate(names[1:], start=1):
        numbered, count = ndimage.label(label == k)
        numbers = np.arange(1, count + 1)
        sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
        hits = ndimage.sum_labels(truth == k, numbered, numbers)
        means = ndimage.mean(values, numbered, numbers)
        for rank, index in enumerate(np.argsort(-sizes, kind="stable"), start=1):
            is_false = int(hits[index] == 0)
            rows.append((name, rank, int(sizes[index]), is_false, pytest.approx(means[index])))
    return rows


def test_rows_are_those_of_each_class_alone(monkeypatch):
    monkeypatch.setattr(components, "_BLOCK", 50)
    rng = np.random.default_rng(0)
    names = ["rest", "a", "none", "b", "c"]
    label = rng.choice([0, 1, 3, 4], (9, 8, 7), p=[0.5, 0.3, 0.15, 0.05]).astype(np.uint8)
    truth = rng.permuted(label)
    values = rng.random(label.shape)
    found = components_of(label, 5)
    hits = found.sums((label == truth).ravel(order="F"))
    means = {"entropy": found.means(values.ravel(order="F"))}
    rows = [tuple(row.values()) for row in found.rows(names, hits, means)]
    assert rows == whole_rows(label, truth, names, values)
    assert list(found.rows(names, hits, means)[0]) == [
        "class",
        "component",
        "voxels",
        "false_positive",
        "entropy",
    ]


def test_components_by_hand():
    label = np.zeros((6, 5, 1), np.uint8)
    label[0, :2] = 1
    label[2:4, 1:3] = 1
    label[5, 4] = 1
    found = components_of(label, 2)
    u = np.arange(30.0).reshape(6, 5, 1)
    rows = found.rows(["rest", "a"], np.array([2, 0, 0]), {"u": found.means(u.ravel(order="F"))})
    assert [(row["component"], row["voxels"], row["false_positive"]) for row in rows] == [
        (1, 4, 0),
        (2, 2, 1),
        (3, 1, 1),
    ]
    assert [row["u"] for row in rows] == pytest.approx([u[2:4, 1:3].mean(), 0.5, 29])


def test_without_structures_there_are_none():
    found = components_of(np.zeros((3, 3, 1), np.uint8), 3)
    assert found.rows(["rest", "a", "b"], np.zeros(0), {}) == []


def test_the_box_of_each_class():
    label = np.zeros((6, 5, 4), np.uint8)
    label[1:3, 2, 3] = 2
    label[5, 0, 0] = 255  # of no class
    empty = (slice(0, 0),) * 3
    assert boxes_of(label, 4) == [empty, empty, (slice(1, 3), slice(2, 3), slice(3, 4)), empty]
