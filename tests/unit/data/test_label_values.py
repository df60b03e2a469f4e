"""Values of label maps against NumPy's own functions."""

import numpy as np
import pytest

from tfuq.data import label_values

RNG = np.random.default_rng(0)
SMALL = RNG.integers(0, 5, (7, 6, 5))
LABELS = {
    "bytes": SMALL.astype(np.uint8),
    "negative": (SMALL * 60 - 128).astype(np.int8),
    "far apart": SMALL.astype(np.int64) * 2**60,
    "very large": SMALL.astype(np.uint64) + np.uint64(2**63),
    "all of a type": (SMALL * 16383).astype(np.uint16) - np.uint16(3),
    "fractions": SMALL / 4,
    "first axis first": np.asfortranarray(SMALL.astype(np.int32)),
    "strided": SMALL.astype(np.int16)[::2, :, ::-1],
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(label_values, "_BLOCK", 13)


@pytest.mark.parametrize("kind", LABELS)
def test_values_and_what_replaces_them(kind):
    labels = LABELS[kind]
    values, inverse = np.unique(labels, return_inverse=True)
    found = label_values.distinct_values(labels)
    assert found.dtype == labels.dtype
    np.testing.assert_array_equal(found, values)
    classes = RNG.permutation(len(values)).astype(np.uint8)
    replaced = label_values.replaced(labels, values, classes)
    np.testing.assert_array_equal(replaced, classes[inverse].reshape(labels.shape))
    assert replaced.dtype == np.uint8


def test_voxels_of_each_class():
    counts = label_values.class_counts(LABELS["bytes"])
    np.testing.assert_array_equal(counts, np.bincount(SMALL.ravel(), minlength=256))
