"""Test-time augmentation, against transforms of the whole image by NumPy and SciPy."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tfuq.data.perturbations.geometry import affine, rotation
from tfuq.networks.layers import LayerFactory
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.transforms import TransformRanges, draw, ranges_of
from tfuq.sampling.windows import WindowedNetwork

SEED = tf.constant([1, 2])
AFFINE = TransformRanges(is_affine=True, degrees=12.0, scale=0.1)


def noise(*shape):
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def sample(network, image, seed):
    return network.sample(image, network.encode(image), seed, noise_seed=SEED).numpy()


def seeds(count):
    return [Posterior.seed(SEED, 0, tf.constant(index)) for index in range(count)]


@pytest.mark.parametrize(("rank", "space"), [(2, (16, 16)), (2, (16, 24)), (3, (40, 16, 24))])
def test_flips_are_those_of_the_whole_image(rank, space):
    config = settings(Path("nowhere"), "mc-dropout", rank)
    model = build_member(config, channels=1, sources=())
    plain = windowed(config, model, keep=2)
    ranges = ranges_of(config, ("flips",))
    flipping = windowed(config, model, keep=2, transforms=ranges)
    image = noise(1, *space, 1)
    drawn = set()
    for seed in seeds(4):
        is_flipped = draw(ranges, seed, rank=rank).is_flipped.numpy()
        axes = tuple(1 + np.flatnonzero(is_flipped))
        mirrored = np.ascontiguousarray(np.flip(image, axes))
        expected = np.flip(sample(plain, mirrored, seed), axes)
        np.testing.assert_allclose(sample(flipping, image, seed), expected, atol=2e-6)
        drawn.add(axes)
    assert len(drawn) > 1


def logits(outputs, *_):
    return tf.identity(outputs)


def tanh_network(size, rank, *, dropout=0.0):
    """A network of one voxel's receptive field."""
    layers = LayerFactory()
    image = tf_keras.Input((*[size] * rank, 1))
    maps = layers.conv(5, 1, rank=rank, name="first", activation="tanh")(image)
    maps = layers.dropout(dropout, name="dropout")(maps)
    outputs = layers.conv(2, 1, rank=rank, name="last")(maps)
    return tf_keras.Model([image, layers.seed], outputs)


def windows_of(model, ranges, *, overlap=0.5, chunk=1):
    return WindowedNetwork(model, logits, overlap=overlap, chunk=chunk, keep=0, transforms=ranges)


@pytest.mark.parametrize("rank", [2, 3])
def test_a_turned_image_is_that_of_scipy(rank):
    model = tanh_network(12, rank)
    image = noise(1, *[12] * rank, 1)
    network = windows_of(model, AFFINE)
    for seed in seeds(2):
        transform = draw(AFFINE, seed, rank=rank)
        seen = affine(image[0], transform.inverse.numpy())
        outputs = model([seen[None], seed]).numpy()[0]
        expected = affine(outputs, transform.matrix.numpy())
        np.testing.assert_allclose(sample(network, image, seed)[0], expected, atol=1e-4)
        product = transform.matrix.numpy() @ transform.inverse.numpy()
        np.testing.assert_allclose(product, np.eye(rank), atol=1e-6)


def test_a_transform_is_within_its_ranges():
    ranges = TransformRanges(flip_axes=(1,), is_affine=True, degrees=20, scale=0.3, plane_axis=2)
    for seed in seeds(20):
        transform = draw(ranges, seed, rank=3)
        is_flipped = transform.is_flipped.numpy()
        assert not is_flipped[[0, 2]].any()
        matrix = transform.matrix.numpy()
        np.testing.assert_allclose(matrix[2], [0, 0, 1], atol=1e-6)
        factor = np.sqrt(np.linalg.det(matrix))
        assert 0.7 < factor < 1.3
        angle = np.arctan2(matrix[1, 0], matrix[0, 0])
        assert abs(angle) < np.deg2rad(20)
        np.testing.assert_allclose(matrix[:2, :2], factor * rotation(np.array([angle])), atol=1e-5)


@pytest.mark.parametrize(
    ("ranges", "tolerance"), [(TransformRanges(flip_axes=(0, 1)), 1e-5), (AFFINE, 5e-3)]
)
def test_windows_that_meet_drop_the_same(ranges, tolerance):
    """Of an image of one value, a sample depends on what is dropped alone.

    The edges of turned windows are repeated, and have little weight.
    """
    model = tanh_network(8, 2, dropout=0.4)
    image = np.ones((1, 8, 24, 1), np.float32)
    one, other = (
        sample(windows_of(model, ranges, overlap=overlap, chunk=chunk), image, SEED)
        for overlap, chunk in ((0.5, 1), (0.75, 3))
    )
    inside = np.s_[:, 2:-2, 2:-2]
    np.testing.assert_allclose(one[inside], other[inside], atol=tolerance)
    assert one.std() > 0.3


def test_an_image_without_space_in_its_outputs_is_flipped_alone():
    layers = LayerFactory()
    image = tf_keras.Input((4, 6, 1))
    outputs = layers.dense(3, name="last")(tf_keras.layers.Flatten()(image))
    model = tf_keras.Model([image, layers.seed], outputs)
    ranges = TransformRanges(flip_axes=(1,))
    network = windows_of(model, ranges, chunk=2)
    images = noise(2, 4, 6, 1)
    for seed in seeds(3):
        seen = images
        if draw(ranges, seed, rank=2).is_flipped.numpy()[1]:
            seen = images[:, :, ::-1]
        found = sample(network, images, seed)
        np.testing.assert_allclose(found, model([seen, seed]), atol=1e-5)


def test_ranges_are_those_of_training_where_it_has_any():
    config = settings(Path("nowhere"), rank=2)
    both = ("flips", "affine")
    assert ranges_of(config, ()) == TransformRanges()
    expected = TransformRanges(flip_axes=(0, 1), is_affine=True, degrees=10.0, scale=0.1)
    assert ranges_of(config, both) == expected
    augmentation = {"flip_axes": [1, 2], "rotation_degrees": 25.0}
    trained = settings(Path("nowhere"), rank=2, augmentation=augmentation)
    assert ranges_of(trained, both) == TransformRanges(flip_axes=(1,), is_affine=True, degrees=25.0)
