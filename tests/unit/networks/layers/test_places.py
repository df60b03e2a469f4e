"""Random numbers that belong to places: right, independent, and the same in every box."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tests.support.references_places import bits, normal_pair
from tfuq.networks.layers.places import bits_at, normal_at

SEED = tf.constant([5, -7])


def at(*corner):
    return tf.constant([corner], tf.int32)


@pytest.mark.parametrize("space", [(4, 5), (3, 2, 4)])
def test_bits_are_those_of_the_reference(space):
    corner = (1000, 3, 70_000)[: len(space)]
    found = bits_at(at(*corner), space, SEED, channels=3, draws=(2,)).numpy()
    assert found.shape == (2, 1, *space, 3)
    for draw, channel in np.ndindex(2, 3):
        for place in np.ndindex(*space):
            expected = bits(np.add(corner, place).tolist(), 3 * draw + channel, (5, -7))
            assert found[(draw, 0, *place, channel)] == expected


def test_normal_numbers_are_those_of_the_reference():
    found = normal_at(at(9, 2), (2, 3), SEED, channels=2, draws=3).numpy()
    assert found.shape == (3, 1, 2, 3, 2)
    for row, column, channel in np.ndindex(2, 3, 2):
        for pair in range(2):
            numbers = [
                bits((9 + row, 2 + column), 2 * (pair + 2 * part) + channel, (5, -7))
                for part in range(2)
            ]
            for draw, expected in zip((pair, 2 + pair), normal_pair(*numbers), strict=True):
                if draw < 3:
                    assert found[draw, 0, row, column, channel] == pytest.approx(expected, abs=2e-5)


def test_every_box_is_a_crop_of_the_whole():
    whole = bits_at(at(0, 0), (40, 50), SEED, channels=4).numpy()
    corners = np.array([[0, 0], [7, 30], [24, 1]], np.int32)
    boxes = bits_at(tf.constant(corners), (16, 20), SEED, channels=4).numpy()
    for (row, column), box in zip(corners, boxes, strict=True):
        np.testing.assert_array_equal(box, whole[0, row : row + 16, column : column + 20])
    assert len(np.unique(whole)) > whole.size - 5  # equal numbers are chance
    assert not np.array_equal(whole, bits_at(at(0, 0), (40, 50), SEED + 1, channels=4))


def standardized(shape, rate, count):
    """Masks by ``count`` seeds, of mean 0 and variance 1 if they are what they should be: ``[count, *shape]``."""
    draw = tf.function(lambda seed: bits_at(at(17, 301), shape[:-1], seed, channels=shape[-1])[0])
    found = np.stack([draw(tf.constant([3, i])) for i in range(count)]) / 2**32
    return ((found >= rate) - (1 - rate)) / np.sqrt(rate * (1 - rate))


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_masks_are_independent_from_element_to_element(rate):
    """By many seeds: each element's mean, every pair, and rectangles, whose parity a sum of hashes would give away."""
    count = 1500
    z = standardized((5, 5, 6), rate, count)
    flat = z.reshape(count, -1)
    assert np.abs(flat.mean(0) * np.sqrt(count)).max() < 5
    pairs = (flat.T @ flat / np.sqrt(count))[np.triu_indices(flat.shape[1], 1)]
    assert np.abs(pairs).max() < 6
    assert pairs.std() == pytest.approx(1, abs=0.05)
    for a, b in ((1, 2), (1, 3), (2, 3)):
        w = np.moveaxis(z, (a, b), (1, 2))
        corners = w[:, :-1, :-1] * w[:, 1:, :-1] * w[:, :-1, 1:] * w[:, 1:, 1:]
        assert (
            corners.mean(0) * np.sqrt(count)
        ).std() < 1.3  # of sums of hashes: the root of the count
    totals = flat.sum(1)
    assert totals.var() / flat.shape[1] == pytest.approx(1, abs=0.2)


def test_one_mask_has_no_pattern():
    z = bits_at(at(0, 0), (256, 256), SEED, channels=8).numpy()[0] / 2**32
    assert stats.kstest(z.ravel()[::3], "uniform").pvalue > 0.01
    z = ((z >= 0.3) - 0.7) / np.sqrt(0.21)
    spectrum = np.abs(np.fft.fftn(z)) ** 2 / z.size  # of white noise: exponential, of mean 1
    assert spectrum.max() < np.log(z.size) + 8
    assert stats.kstest(spectrum[:, 1:128].ravel()[::7], "expon").pvalue > 0.01


def test_normal_numbers_are_standard_and_independent():
    z = normal_at(at(3, 8), (64, 64), SEED, channels=2, draws=10).numpy().astype(float)
    assert np.isfinite(z).all()
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.01
    correlations = np.corrcoef(z[:, 0].transpose(0, 3, 1, 2).reshape(20, -1))
    assert np.abs(correlations - np.eye(20)).max() < 5 / 64
    for axis in (2, 3):
        neighbours = (z * np.roll(z, 1, axis)).mean()
        assert abs(neighbours) < 5 / np.sqrt(z.size)
