"""Stateless seeds, and the numbers that follow from them."""

import zlib

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from tfuq.networks.layers.seeds import (
    fold_in,
    layer_salt,
    random_signs,
    standard_normal,
    uniform,
)

SEED = tf.constant([1, 2])


@pytest.mark.parametrize("shape", [(4, 6), (3, 3, 5)])
def test_normal_numbers_are_standard_and_follow_their_seed(shape):
    def drawn(i):
        return standard_normal(tf.TensorShape(shape), tf.constant([3, i])).numpy()

    assert drawn(0).shape == shape
    np.testing.assert_array_equal(drawn(0), drawn(0))
    assert not np.array_equal(drawn(0), drawn(1))
    many = standard_normal(tf.TensorShape([400_001]), SEED).numpy()
    assert np.isfinite(many).all()
    assert stats.kstest(many, "norm").pvalue > 0.01
    assert (
        abs(np.corrcoef(many[:200_000], many[200_001:])[0, 1]) < 0.01
    )  # the two numbers of a pair


@pytest.mark.parametrize("with_xla", [False, True])
@pytest.mark.parametrize("seed", [[1, 2], [-1915439927, 0], [5, -7]])
def test_numbers_are_those_of_tensorflow_with_xla_too(with_xla, seed):
    seed = tf.constant(seed)
    drawn = tf.function(lambda seed: uniform([3, 7], seed), jit_compile=with_xla)(seed)
    np.testing.assert_array_equal(drawn, tf.random.stateless_uniform([3, 7], seed))
    folded = tf.function(lambda seed: fold_in(seed, 3), jit_compile=with_xla)(seed)
    np.testing.assert_array_equal(folded, tf.random.experimental.stateless_fold_in(seed, 3))
    assert folded.dtype == tf.int32


@pytest.mark.parametrize("with_xla", [False, True])
@pytest.mark.parametrize("seed", [[1, 2], [-5, 7]])
def test_signs_are_those_of_tensorflow_probability_with_xla_too(with_xla, seed):
    shape = [2, 1, 1, 7]
    drawn = tf.function(lambda seed: random_signs(tf.stack(shape), seed), jit_compile=with_xla)
    seed = tf.constant(seed)
    expected = tfp.random.rademacher(shape, tf.float32, seed=seed)
    np.testing.assert_array_equal(drawn(seed), expected)


def test_upstream_fold_in_is_stable():
    np.testing.assert_array_equal(
        fold_in(tf.constant([1, 2]), 3), fold_in(tf.constant([1, 2]), tf.constant(3))
    )
    assert not np.array_equal(fold_in(SEED, 3), fold_in(SEED, 4))


def test_a_salt_depends_on_the_name_alone():
    """CRC-32 of "encoder1_conv1" as other programs compute it, without its highest bit."""
    assert layer_salt("encoder1_conv1") == 0x7FFFFFFF & zlib.crc32(b"encoder1_conv1")
    assert layer_salt("123456789") == 0x4BF43926  # the check value of CRC-32 is 0xCBF43926
    assert layer_salt("a") != layer_salt("b")


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_any_number_of_normal_numbers_is_made(count):
    drawn = standard_normal(tf.constant([count]), SEED).numpy()
    assert drawn.shape == (count,)
    assert np.isfinite(drawn).all()
